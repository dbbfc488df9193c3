package main

import (
	"loge/provider"
	"loge/provider/delivery"
	"loge/storage"
)

type letterCmd struct {
	Print    letterPrintCmd    `cmd:"" help:"Write the letters that are due as PDF: identifiers and passwords in separate files."`
	Printed  letterPrintedCmd  `cmd:"" help:"Say that a run was printed and posted: its passwords are due two working days later."`
	Runs     letterRunsCmd     `cmd:"" help:"List the print runs."`
	Reprint  letterReprintCmd  `cmd:"" help:"Have a run or a letter printed again, with new secrets."`
	Returned letterReturnedCmd `cmd:"" help:"Record letters that came back: stop what they carried, print nothing more to that address."`
}

type letterPrintCmd struct {
	Out string `help:"Folder for the files; made when it does not exist." required:"" placeholder:"DIR"`
}

// printRun is one file, or a run that an earlier print left unfinished.
type printRun struct {
	Number      int       `json:"number"`
	Kind        string    `json:"kind"`
	Letters     int       `json:"letters"`
	File        string    `json:"file,omitempty"`
	Refused     []refused `json:"refused"`
	Report      string    `json:"report_file,omitempty"`
	Interrupted bool      `json:"interrupted"`
}

type refused struct {
	Number string `json:"numero_utilisateur"`
	Reason string `json:"reason"`
}

// Run prints. What was printed before an error counts as printed and is shown.
func (c letterPrintCmd) Run(a *app) error {
	cfg, db, err := a.open()
	if err != nil {
		return err
	}
	defer db.Close()
	office, err := provider.NewDelivery(cfg, db, a.logger(), a.now)
	if err != nil {
		return err
	}
	printed, failed := office.Print(a.ctx, c.Out, actor())
	runs := make([]printRun, 0, len(printed))
	for _, r := range printed {
		runs = append(runs, asPrinted(r))
	}
	err = a.print(map[string]any{"runs": runs}, func() {
		for _, r := range runs {
			a.sayRun(r)
		}
		if len(runs) == 0 && failed == nil {
			a.say("No letter is due.")
		}
	})
	if failed != nil {
		return failed
	}
	return err
}

func asPrinted(r delivery.Run) printRun {
	run := printRun{Number: r.Number, Kind: r.Kind, Letters: r.Letters, File: r.File, Refused: []refused{}, Report: r.Report, Interrupted: r.Interrupted}
	for _, x := range r.Refused {
		run.Refused = append(run.Refused, refused{x.Number, x.Reason})
	}
	return run
}

func (a *app) sayRun(r printRun) {
	switch {
	case r.Interrupted:
		a.say("Run %d was interrupted earlier: do not post what was printed from it; its letters are printed again.", r.Number)
	case r.File != "":
		a.say("Run %d: %d letters (%s) in %s", r.Number, r.Letters, r.Kind, r.File)
	}
	if len(r.Refused) > 0 {
		a.say("  %d letters cannot be printed: %s", len(r.Refused), r.Report)
	}
	if r.File == "" || r.Interrupted {
		return
	}
	switch r.Kind {
	case storage.MessageIdentifier:
		a.say("  Once it is posted: loge letter printed %d. The passwords are due after that.", r.Number)
	case storage.MessageProvisional:
		a.say("  It holds secrets. Once it is posted: loge letter printed %d, which deletes the file.", r.Number)
	}
}
