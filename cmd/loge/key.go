package main

import (
	"fmt"

	"loge/provider"
	"loge/provider/oauth"
	"loge/provider/secret"
)

type keyCmd struct {
	List   keyListCmd   `cmd:"" help:"List the keys that sign ID tokens."`
	Rotate keyRotateCmd `cmd:"" help:"Change the signing keys before their time."`
}

// keyDetails is a signing key as it is shown; nothing of its private part.
type keyDetails struct {
	KID            string `json:"kid"`
	Alg            string `json:"alg"`
	State          string `json:"state"` // next, signing, published, kept, withdrawn
	Created        string `json:"created"`
	SignsFrom      string `json:"signs_from"`
	SignsUntil     string `json:"signs_until,omitempty"`
	PublishedUntil string `json:"published_until,omitempty"`
	KeptUntil      string `json:"kept_until,omitempty"`
	Withdrawn      string `json:"withdrawn,omitempty"`
}

type keyListCmd struct{}

func (keyListCmd) Run(a *app) error {
	cfg, err := a.settings()
	if err != nil {
		return err
	}
	db, err := a.look()
	if err != nil {
		return err
	}
	defer db.Close()
	return a.printKeys(&oauth.Keys{DB: db, Lifetimes: provider.Lifetimes(cfg.Security), Now: a.now})
}

type keyRotateCmd struct {
	Alg string `help:"Change the key of this algorithm alone: RS256, PS256, ES256 or EdDSA." enum:"RS256,PS256,ES256,EdDSA," default:""`
	Now bool   `help:"For a compromised key: the new one signs at once, and every earlier one is withdrawn."`
}

func (c keyRotateCmd) Run(a *app) error {
	cfg, db, err := a.open()
	if err != nil {
		return err
	}
	defer db.Close()
	master, err := secret.NewMaster([]byte(cfg.Secret.Reveal()))
	if err != nil {
		return fmt.Errorf("secret_file: %w", err)
	}
	keys := &oauth.Keys{DB: db, Master: master, Lifetimes: provider.Lifetimes(cfg.Security), Now: a.now, Actor: actor()}
	change := keys.Announce
	if c.Now {
		change = keys.Replace
	}
	for _, alg := range oauth.Algorithms() {
		if c.Alg != "" && c.Alg != alg {
			continue
		}
		if err := change(a.ctx, alg); err != nil {
			return err
		}
	}
	if c.Now {
		fmt.Fprint(a.err, withdrawnWarning)
	}
	return a.printKeys(keys)
}

// withdrawnWarning goes beside the result, so that it is read with --json too.
const withdrawnWarning = `The earlier keys are withdrawn. Servers follow within a minute. Until an application
has fetched the key set again, it refuses new ID tokens: most do so by themselves when they
meet an unknown key, some need a restart. ID tokens signed before are refused, also as
id_token_hint: whoever signs out with one is asked first. Sign-ins and opaque access tokens go on; access
tokens that are JWTs are refused like ID tokens.
`

func (a *app) printKeys(keys *oauth.Keys) error {
	list, err := keys.List(a.ctx)
	if err != nil {
		return err
	}
	shown := make([]keyDetails, 0, len(list))
	for _, k := range list {
		shown = append(shown, keyDetails{KID: k.KID, Alg: k.Alg, State: k.State, Created: date(k.Created), SignsFrom: date(k.SignsFrom),
			SignsUntil: date(k.SignsUntil), PublishedUntil: date(k.PublishedUntil), KeptUntil: date(k.KeptUntil), Withdrawn: date(k.Withdrawn)})
	}
	return a.print(map[string]any{"keys": shown}, func() {
		for _, k := range shown {
			a.say("%-16s  %-5s  %-9s  %s", k.KID, k.Alg, k.State, k.when())
		}
		if len(shown) == 0 {
			a.say("No key yet: the first loge serve makes them.")
		}
	})
}

// when tells the time that matters next in the key's state.
func (k keyDetails) when() string {
	switch {
	case k.State == oauth.KeyNext:
		return "signs from " + k.SignsFrom
	case k.State == oauth.KeySigning && k.SignsUntil != "":
		return "since " + k.SignsFrom + ", until " + k.SignsUntil
	case k.State == oauth.KeySigning:
		return "since " + k.SignsFrom
	case k.State == oauth.KeyPublished:
		return "signed until " + k.SignsUntil + ", published until " + k.PublishedUntil
	case k.State == oauth.KeyKept:
		return "signed until " + k.SignsUntil + ", kept until " + k.KeptUntil
	}
	return "on " + k.Withdrawn
}
