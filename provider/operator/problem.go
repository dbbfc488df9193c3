package operator

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"loge/storage"
)

// Problem finds what somebody who tells a reference did in « Problème de
// connexion », and the account it was about; no account when none fitted what
// was typed. Spaces, hyphens and small letters in the reference are tolerated.
func (o *Operator) Problem(ctx context.Context, reference string) (p storage.Problem, a storage.Account, err error) {
	signs := strings.ToUpper(strings.NewReplacer(" ", "", "-", "", "\u00a0", "").Replace(reference))
	p, err = o.DB.ProblemByReference(ctx, signs)
	if errors.Is(err, storage.ErrNotFound) {
		return p, a, fmt.Errorf("no reference %q: it has ten signs, such as CDFGH-JKMNP, and is kept for thirty days", reference)
	}
	if err != nil {
		return p, a, fmt.Errorf("load reference: %w", err)
	}
	if p.AccountID == "" {
		return p, a, nil
	}
	if a, err = o.DB.Account(ctx, p.AccountID); err != nil {
		return p, a, fmt.Errorf("load account: %w", err)
	}
	return p, a, nil
}
