package recovery

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strconv"

	"loge/provider/account"
	"loge/provider/throttle"
	"loge/storage"
)

// Outcomes, for the agency only: in the journal and under the reference.
const (
	outcomeSent      = "sent"
	outcomeNobody    = "no account fits"
	outcomeAccess    = "access is suspended or closed"
	outcomeQuota     = "asked too often"
	outcomeUsed      = "the account has been used already"
	outcomeHasEmail  = "the account is used with an e-mail address"
	outcomeNoAddress = "no postal address is known"
	outcomeWaiting   = "letters wait to be printed already"
	outcomeMoved     = "the e-mail address was changed less than a day ago"
)

// done is what came of a request.
type done struct {
	outcome string
	account storage.Account
	users   []storage.User
}

// maxBehindContact bounds the mails that one request may cause where several
// organisations share an address.
const maxBehindContact = 5

func (h *Recovery) act(ctx context.Context, q *storage.Queries, r storage.HelpRequest, typed wish) (done, error) {
	switch r.Kind {
	case askReset:
		return h.reset(ctx, q, r, typed)
	case askIdentifier:
		return h.identifier(ctx, q, r, typed)
	case askCodes:
		return h.codes(ctx, q, r, typed)
	case askLetters, askLettersAll:
		return h.letters(ctx, q, r, typed)
	}
	return done{outcome: outcomeNobody}, nil
}

// reset sends the user of an address another password. Who never signed in, and
// who did not for so long that access rests, gets what opens it.
func (h *Recovery) reset(ctx context.Context, q *storage.Queries, r storage.HelpRequest, typed wish) (done, error) {
	users, err := reached(ctx, q, typed.EmailKey)
	if err != nil {
		return done{}, err
	}
	if len(users) == 0 {
		return h.givenUp(ctx, q, r, typed)
	}
	result := done{outcome: outcomeNobody, users: users}
	for _, u := range users {
		undo, err := q.OpenEmailUndo(ctx, u.ID, storage.At(h.Now()))
		if err == nil {
			result.outcome, err = h.wait(ctx, q, r, u, undo)
			return result, err
		}
		if !errors.Is(err, storage.ErrNotFound) {
			return done{}, err
		}
		a, err := q.Account(ctx, u.AccountID)
		if err != nil {
			return done{}, err
		}
		kind := storage.MessagePasswordReset
		if u.State != storage.StateActive || u.PasswordHash == "" {
			kind = storage.MessageProvisional
		}
		if result.outcome, err = h.mail(ctx, q, r, kind, a, u); err != nil {
			return done{}, err
		}
	}
	return result, nil
}

// identifier tells a person who knows number and address his identifier.
func (h *Recovery) identifier(ctx context.Context, q *storage.Queries, r storage.HelpRequest, typed wish) (done, error) {
	a, u, err := matched(ctx, q, typed)
	if err != nil || u.ID == "" {
		return done{outcome: outcomeNobody, account: a}, err
	}
	outcome, err := h.mail(ctx, q, r, storage.MessageIdentifierFound, a, u)
	return done{outcome, a, []storage.User{u}}, err
}

// codes sends both first messages again to somebody who has never signed in.
func (h *Recovery) codes(ctx context.Context, q *storage.Queries, r storage.HelpRequest, typed wish) (done, error) {
	a, u, err := matched(ctx, q, typed)
	if err != nil || u.ID == "" {
		return done{outcome: outcomeNobody, account: a}, err
	}
	if u.State != storage.StateIssued && u.State != storage.StateSuspended && u.State != storage.StateClosed {
		return done{outcomeUsed, a, []storage.User{u}}, nil
	}
	outcome, err := h.mail(ctx, q, r, storage.MessageIdentifier, a, u)
	return done{outcome, a, []storage.User{u}}, err
}

// mail writes one message into the outbox, unless access is barred or the day's
// number is reached.
func (h *Recovery) mail(ctx context.Context, q *storage.Queries, r storage.HelpRequest, kind string, a storage.Account, u storage.User) (string, error) {
	if barred(a, u) {
		return outcomeAccess, nil
	}
	if d, err := throttle.Mail(ctx, q, h.keys().User(u.ID), h.Now()); err != nil || !d.Allowed {
		return outcomeQuota, err
	}
	if kind == storage.MessageIdentifier {
		return outcomeSent, credentials(ctx, q, r, storage.ByEmail, a, u)
	}
	return outcomeSent, q.Enqueue(ctx, storage.Message{Kind: kind, Channel: storage.ByEmail, AccountID: a.ID, UserID: u.ID,
		NotBefore: r.CreatedAt, CreatedAt: r.CreatedAt})
}

// letters has both letters printed again, for the address the agency knows.
func (h *Recovery) letters(ctx context.Context, q *storage.Queries, r storage.HelpRequest, typed wish) (done, error) {
	a, err := q.AccountByNumber(ctx, typed.Number)
	if errors.Is(err, storage.ErrNotFound) {
		return done{outcome: outcomeNobody}, nil
	}
	if err != nil {
		return done{}, err
	}
	switch {
	case a.Address == "":
		return done{outcome: outcomeNoAddress, account: a}, nil
	case !slices.Contains(postCodes(a), typed.PostCode):
		return done{outcome: outcomeNobody, account: a}, nil
	}
	u, err := recipient(ctx, q, a)
	if err != nil {
		return done{}, err
	}
	result := done{account: a, users: []storage.User{u}}
	waiting, err := lettersWait(ctx, q, u)
	if err != nil {
		return done{}, err
	}
	switch {
	case barred(a, u):
		result.outcome = outcomeAccess
	case u.State == storage.StateActive && u.Email != "" && r.Kind == askLetters:
		result.outcome = outcomeHasEmail
	case waiting:
		result.outcome = outcomeWaiting
	default:
		if d, err := throttle.Letter(ctx, q, a.ID, h.Now()); err != nil || !d.Allowed {
			result.outcome = outcomeQuota
			return result, err
		}
		result.outcome = outcomeSent
		return result, credentials(ctx, q, r, storage.ByLetter, a, u)
	}
	return result, nil
}

// lettersWait says that a letter with a password has been asked for and is not
// printed yet.
func lettersWait(ctx context.Context, q *storage.Queries, u storage.User) (bool, error) {
	messages, err := q.MessagesOf(ctx, u.ID, 50)
	return slices.ContainsFunc(messages, func(m storage.Message) bool {
		return m.Kind == storage.MessageProvisional && m.Channel == storage.ByLetter && (m.State == storage.MessageQueued || m.State == storage.MessageHeld)
	}), err
}

// credentials writes the identifier's message and, behind it, the provisional
// password's. Both say that they were asked for.
func credentials(ctx context.Context, q *storage.Queries, r storage.HelpRequest, channel string, a storage.Account, u storage.User) error {
	a.Channel = channel
	return q.EnqueueCredentialsAgain(ctx, a, u, map[string]string{"again": strconv.FormatInt(int64(r.CreatedAt), 10)}, r.CreatedAt)
}

// reached returns whose messages go to an address.
func reached(ctx context.Context, q *storage.Queries, emailKey string) ([]storage.User, error) {
	u, err := q.UserByEmail(ctx, emailKey)
	if err == nil {
		return []storage.User{u}, nil
	}
	if !errors.Is(err, storage.ErrNotFound) || emailKey == "" {
		return nil, err
	}
	return q.UsersBehindContact(ctx, emailKey, maxBehindContact)
}

// matched returns the account of a number and its user whose messages go to the
// address; no user when the two do not belong together.
func matched(ctx context.Context, q *storage.Queries, typed wish) (a storage.Account, u storage.User, err error) {
	a, err = q.AccountByNumber(ctx, typed.Number)
	if errors.Is(err, storage.ErrNotFound) {
		return storage.Account{}, u, nil
	}
	if err != nil {
		return a, u, err
	}
	users, err := reached(ctx, q, typed.EmailKey)
	if err != nil {
		return a, u, err
	}
	if i := slices.IndexFunc(users, func(u storage.User) bool { return u.AccountID == a.ID }); i >= 0 {
		u = users[i]
	}
	return a, u, nil
}

// recipient is who gets an account's letters: see account.Correspondent.
func recipient(ctx context.Context, q *storage.Queries, a storage.Account) (storage.User, error) {
	users, err := q.UsersOfAccount(ctx, a.ID)
	if err != nil || len(users) == 0 {
		return storage.User{}, errors.Join(err, storage.ErrNotFound)
	}
	u, _ := account.Correspondent(a, users)
	return u, nil
}

func barred(a storage.Account, u storage.User) bool {
	return !a.SuspendedAt.IsZero() || u.State == storage.StateSuspended || u.State == storage.StateClosed
}

var postCode = regexp.MustCompile(`\b[0-9]{5}\b`)

// postCodes are what may be the post code in an address: a street number of five
// digits must not hide it.
func postCodes(a storage.Account) []string { return postCode.FindAllString(a.Address, -1) }
