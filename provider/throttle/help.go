package throttle

import (
	"context"
	"time"

	"loge/storage"
)

// « Mot de passe oublié » and « Problème de connexion » cost mails and letters.
var (
	// helpBuckets: five requests an hour from one network address.
	helpBuckets = []bucket{{"/help", 720, 3600}}
	// mailBuckets: three messages that help a day to one user, whoever asks.
	mailBuckets = []bucket{{"/mail", 28800, 86400}}
	// letterBuckets: letters for one account once in fifteen days.
	letterBuckets = []bucket{{"/letter", 15 * day, 15 * day}}
	// walkBuckets: sixty walks through the questions begun an hour from one address.
	walkBuckets = []bucket{{"/walk", 60, 3600}}
)

// Help takes one request for help from a network address (see [Keys.Address]).
// The refusal is told: it says nothing about any account.
func Help(ctx context.Context, q *storage.Queries, address string, now time.Time) (Decision, error) {
	return take(ctx, q, address, now, helpBuckets)
}

// Mail takes one mail that helps a user (see [Keys.User]). The refusal is never
// told: who asks too often learns nothing.
func Mail(ctx context.Context, q *storage.Queries, user string, now time.Time) (Decision, error) {
	return take(ctx, q, user, now, mailBuckets)
}

// Letter takes one posting of letters for an account, by its id. The refusal is
// never told.
func Letter(ctx context.Context, q *storage.Queries, accountID string, now time.Time) (Decision, error) {
	return take(ctx, q, "account:"+accountID, now, letterBuckets)
}

// Walk takes one walk through « Problème de connexion » that is to be remembered.
func Walk(ctx context.Context, q *storage.Queries, address string, now time.Time) (Decision, error) {
	return take(ctx, q, address, now, walkBuckets)
}
