// Package config reads the settings: a YAML file, the environment over it, and
// the secrets from files that the settings name.
//
//	Default() ─▶ config.yaml (unknown key: error with its line)
//	          ─▶ LOGE_… variables ─▶ …_file ─▶ Validate: every fault at once
//
// config.example.yaml documents each setting with its default; a test decodes
// it and compares, so it cannot rot. A setting that is left out keeps its default.
//
// No secret can stand in the file: it is in a file of its own or in the
// environment, and its type, [Secret], cannot be printed.
//
// Whose account is known finds the contact of its département: Service.In picks
// it, for pages, e-mails and letters alike. Pages for everybody list all contacts
// beside the general one, so that what they show depends on nobody's account.
//
// The package deliberately opens no database, sends nothing and keeps no global:
// provider.New hands each part the few values it needs.
package config
