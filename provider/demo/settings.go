package demo

import (
	"fmt"
	"io"

	"loge/provider/config"
)

// settings are those of an invented agency; what they leave out has the
// defaults of every installation.
func settings(d *Demo, change func(*config.Config)) (config.Config, error) {
	cfg := config.Default()
	cfg.Issuer = d.Issuer
	cfg.Database = "sqlite:" + d.path("loge.db")
	cfg.SecretFile = d.path("secret")
	var err error
	if cfg.Secret, err = config.EnsureSecret(cfg.SecretFile); err != nil {
		return cfg, err
	}
	cfg.Mail.From = "espace-bailleur@entraide.example"
	cfg.Mail.Directory = d.path("mails")
	cfg.Mail.Separation = 0 // who plays waits for nothing
	cfg.Letters = config.Letters{
		Separation: 0,
		Sender:     []string{"Entraide Val d’Orbe", "Service des bailleurs", "1 place du Marché", "39990 ORBE LE HAUT"},
		Place:      "Orbe-le-Haut",
	}
	cfg.Retention.Letters = 0 // the mailbox shows them as long as it is there
	cfg.Service.Operator = "Entraide Val d’Orbe"
	cfg.Service.Support = config.Support{
		Mail:  "bailleurs@entraide.example",
		Phone: "03 53 01 12 34", // a range that is kept for fiction
		Hours: "du lundi au vendredi de 9 h à 17 h",
	}
	cfg.Service.EmailRequired = true
	if change != nil {
		change(&cfg)
	}
	if err := cfg.Validate(); err != nil {
		return cfg, fmt.Errorf("settings of the demonstration: %w", err)
	}
	return cfg, nil
}

// greet says where to go and whom to play.
func (d *Demo) greet(w io.Writer) error {
	_, err := fmt.Fprintf(w, `
La démonstration est prête. Tout y est inventé : organisme, personnes, numéros.

  Boîte aux lettres        %s   (commencez ici : les messages reçus)
  Application « Loyers »   %s   (puis ici : « Se connecter avec Mon Compte Partenaire »)
  Mon Compte Partenaire    %s

Qui jouer :

`, d.Mailbox, d.Partner, d.Issuer)
	for _, p := range People {
		if err == nil {
			_, err = fmt.Fprintf(w, "  %-28s %s\n  %-28s %s\n  %-28s %s/%s\n\n", p.Name, p.Who, "", p.Start, "", d.Mailbox, p.Key)
		}
	}
	if err == nil {
		_, err = fmt.Fprintf(w, "Données : %s\nPour y enregistrer votre application : loge client add --config %s …\nPour arrêter : Ctrl-C.\n", d.Dir, d.path(settingsFile))
	}
	return err
}
