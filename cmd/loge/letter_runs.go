package main

import (
	"errors"
	"fmt"
	"time"

	"loge/provider"
	"loge/provider/delivery"
	"loge/provider/text"
	"loge/storage"
)

// office opens what prints and follows letters; close the database after it.
func (a *app) office() (*delivery.Delivery, *storage.DB, error) {
	cfg, db, err := a.open()
	if err != nil {
		return nil, nil, err
	}
	office, err := provider.NewDelivery(cfg, db, a.logger(), a.now)
	if err != nil {
		db.Close()
		return nil, nil, err
	}
	return office, db, nil
}

type letterPrintedCmd struct {
	Number int    `arg:"" name:"run" help:"Number of the run."`
	On     string `help:"Day on which it was posted; today when left out." placeholder:"YYYY-MM-DD"`
}

func (c letterPrintedCmd) Run(a *app) error {
	on := a.now()
	if c.On != "" {
		var err error
		if on, err = text.Day(c.On); err != nil {
			return fmt.Errorf("--on %q is not a day such as 2027-03-12", c.On)
		}
	}
	office, db, err := a.office()
	if err != nil {
		return err
	}
	defer db.Close()
	done, err := office.Confirm(a.ctx, c.Number, on, actor())
	if err != nil {
		return err
	}
	value := map[string]any{"run": c.Number, "file_deleted": done.Deleted}
	if done.Kind == storage.MessageIdentifier {
		value["passwords_due"] = done.Due.Format(time.DateOnly)
	}
	return a.print(value, func() {
		a.say("Run %d is marked printed.", c.Number)
		if done.Kind == storage.MessageIdentifier {
			a.say("Passwords that follow it are due on %s: loge letter print.", done.Due.Format(time.DateOnly))
		}
		if done.Deleted {
			a.say("Its file is deleted.")
		} else {
			a.say("Its file is not here: delete it where it was printed.")
		}
	})
}

type letterRunsCmd struct {
	Limit int `help:"How many at most, the latest first." default:"50"`
}

// runLine is a print run as it is listed.
type runLine struct {
	Number      int    `json:"number"`
	Kind        string `json:"kind"`
	State       string `json:"state"` // open, printed, abandoned, posted
	Letters     int    `json:"letters"`
	File        string `json:"file,omitempty"`
	SHA256      string `json:"sha256,omitempty"`
	Created     string `json:"created"`
	PrintedBy   string `json:"printed_by"`
	Posted      string `json:"posted,omitempty"`
	ConfirmedBy string `json:"confirmed_by,omitempty"`
}

func (c letterRunsCmd) Run(a *app) error {
	if c.Limit < 1 || c.Limit > 10_000 {
		return errors.New("--limit is 1 to 10000")
	}
	db, err := a.look()
	if err != nil {
		return err
	}
	defer db.Close()
	runs, err := db.PrintRuns(a.ctx, c.Limit)
	if err != nil {
		return fmt.Errorf("list print runs: %w", err)
	}
	lines := []runLine{}
	for _, r := range runs {
		line := runLine{Number: r.Number, Kind: r.Kind, State: r.State, Letters: r.Letters, File: r.File, SHA256: r.SHA256,
			Created: date(r.CreatedAt), PrintedBy: r.PrintedBy, Posted: date(r.ConfirmedAt), ConfirmedBy: r.ConfirmedBy}
		if line.Posted != "" {
			line.State = "posted"
		}
		lines = append(lines, line)
	}
	return a.print(map[string]any{"runs": lines}, func() {
		for _, l := range lines {
			a.say("%4d  %s  %-24s  %-9s  %5d letters  %s", l.Number, l.Created, l.Kind, l.State, l.Letters, l.File)
		}
		if len(lines) == 0 {
			a.say("No run yet: loge letter print --out DIR")
		}
	})
}

type letterReprintCmd struct {
	What string `arg:"" name:"run|letter" help:"Number of a run, or of a letter (0012-00034)."`
}

func (c letterReprintCmd) Run(a *app) error {
	office, db, err := a.office()
	if err != nil {
		return err
	}
	defer db.Close()
	n, err := office.Reprint(a.ctx, c.What, actor())
	if err != nil {
		return err
	}
	return a.print(map[string]any{"letters": n}, func() {
		a.say("%d letters will be printed again, with new secrets: loge letter print. Destroy the former sheets.", n)
	})
}

type letterReturnedCmd struct {
	What   []string `arg:"" name:"number" help:"Numbers of the letters (0012-00034), or numéros utilisateur."`
	Reason string   `help:"What the post wrote on the envelope." default:"the letter came back"`
}

func (c letterReturnedCmd) Run(a *app) error {
	office, db, err := a.office()
	if err != nil {
		return err
	}
	defer db.Close()
	numbers := []string{}
	for _, what := range c.What {
		number, err := office.Returned(a.ctx, what, c.Reason, actor())
		if err != nil {
			return fmt.Errorf("%s: %w (%d recorded before it)", what, err, len(numbers))
		}
		numbers = append(numbers, number)
	}
	return a.print(map[string]any{"numeros_utilisateur": numbers}, func() {
		for _, number := range numbers {
			a.say("%s: address to check. Nothing more is printed for it until loge account import brings another address.", number)
		}
	})
}
