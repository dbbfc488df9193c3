package oauth

import (
	"slices"

	"loge/provider/factor"
	"loge/storage"
)

// level is the weakest level that a sign-in must reach for the request, "" when
// any will do: what the client is registered for, what acr_values names, what an
// essential acr claim names, and of these the strongest. acr_values is not a mere
// wish: RFC 9470 §5 has the request fail otherwise, so that nobody goes round in
// circles between us and a resource server. The registered one is a floor, which
// a request, whose parameters pass through the browser, cannot lower.
func (q *request) level() string {
	levels := []string{factor.Asked(q.client.Metadata.DefaultACRValues), factor.Asked(q.contexts)}
	if acr := q.claims.IDToken["acr"]; acr.Essential && len(acr.Values) > 0 {
		accepted := slices.DeleteFunc(slices.Clone(factor.Levels), func(level string) bool { return !acr.accepts(level) })
		levels = append(levels, factor.Asked(accepted))
	}
	return strongest(levels)
}

func strongest(levels []string) (top string) {
	for _, level := range factor.Levels {
		if slices.Contains(levels, level) {
			top = level
		}
	}
	return top
}

// reaches says whether what was done in a sign-in (a space list) reaches the level.
func reaches(amr, level string) bool {
	return level == "" || slices.Contains(factor.Reached(amr), level)
}

// context is the acr: computed from what was done, never from what was asked. Of
// the levels reached it is the strongest that the request would accept, else the
// strongest.
func (r *record) context() string {
	reached, wish := factor.Reached(r.AMR), r.Claims.IDToken["acr"]
	for _, level := range slices.Backward(reached) {
		if wish.accepts(level) {
			return level
		}
	}
	if len(reached) == 0 {
		return ""
	}
	return reached[len(reached)-1]
}

// insufficient says that a token's sign-in does not reach what its client is
// registered for by now (RFC 9470 §3); nil: it does.
func insufficient(c storage.ClientMetadata, amr string) *Error {
	level := factor.Asked(c.DefaultACRValues)
	if reaches(amr, level) {
		return nil
	}
	e := refuse("insufficient_user_authentication", "The sign-in behind the access token is not strong enough for this client: ask for authorization again, with these acr_values.")
	e.Levels, e.MaxAge = level, c.DefaultMaxAge
	return e
}
