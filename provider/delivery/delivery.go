package delivery

import (
	"io"
	"log/slog"
	"time"

	"loge/provider/config"
	"loge/provider/letter"
	"loge/provider/mail"
	"loge/provider/secret"
	"loge/provider/text"
	"loge/storage"
)

// Delivery sends and prints. Make it with [New]; it may be used from several
// goroutines and on several replicas at once.
type Delivery struct {
	DB         *storage.DB
	Composer   *mail.Composer
	Sender     mail.Sender
	Letters    letter.Composer
	Master     secret.Master
	Security   config.Security // validity of provisional passwords and codes
	Separation time.Duration   // between the mails of an identifier and its password
	// LetterSeparation is how many working days lie between the letters of an
	// identifier and its password; 0 prints both at once.
	LetterSeparation int
	// Files is how long the file of a run stays unless somebody says earlier that
	// it is printed; 0: until somebody does.
	Files time.Duration
	// Rate is how many e-mails leave in a minute, from all replicas together; 0:
	// no limit.
	Rate int
	// WritePDF writes the file of a print run; nil: letter.WritePDF. It is
	// called once for each run that [Delivery.Print] returns with letters.
	WritePDF func(w io.Writer, letters []letter.Letter) error
	Now      func() time.Time
	Log      *slog.Logger

	provisionalKey, codeKey, undoKey []byte
	wake                             chan struct{}
}

// New fills in what has a default and derives the keys.
func New(d Delivery) *Delivery {
	if d.WritePDF == nil {
		d.WritePDF = letter.WritePDF
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Log == nil {
		d.Log = slog.Default()
	}
	d.provisionalKey = d.Master.Derive("provisional passwords")
	d.codeKey = d.Master.Derive("e-mail codes")
	d.undoKey = d.Master.Derive("changes of the e-mail address")
	d.wake = make(chan struct{}, 1)
	return &d
}

// Wake has the job look into the outbox at once, because somebody waits for a
// code. It never blocks.
func (d *Delivery) Wake() {
	select {
	case d.wake <- struct{}{}:
	default: // awake already
	}
}

// Woken is for job.Job.Wake.
func (d *Delivery) Woken() <-chan struct{} { return d.wake }

// end returns when something made now stops being valid. From a day on it ends
// with its last day, because people are told a date.
func end(now time.Time, validity time.Duration) time.Time {
	if validity < 24*time.Hour {
		return now.Add(validity)
	}
	return text.EndOfDay(now.Add(validity))
}

// lastDay is a moment of the last day before the end.
func lastDay(end time.Time) time.Time { return end.Add(-time.Second) }

// notBefore rounds up to whole seconds, so that nothing leaves early.
func notBefore(t time.Time) storage.Time { return storage.At(t.Add(time.Second - time.Nanosecond)) }
