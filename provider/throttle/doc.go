// Package throttle decides how often somebody may try: the limits by name, and
// the decision from a counter and a clock.
//
// Per account ([Limits]): four failures are free, the fifth brings a wait of two
// minutes, then 4, 8, 16, 32 and 60 minutes; never more than 20 failures in any
// 24 hours. During a wait even the right password is refused, without being
// looked at, and the try is not counted. Identifiers that nobody has get exactly
// the same, under a keyed hash of what was typed.
//
// A browser in which the person has signed in before has a counter of its own:
// what strangers try elsewhere never makes the person wait there. A provisional
// password may be tried even while an account waits, under a third counter, so
// that « Mot de passe oublié » always leads out; the own password may not.
//
// Per network address ([Address]): 30 failures in ten minutes and 100 a day.
//
// A try is counted before the password is looked at and given back when it was
// right, so that guesses sent at once are each counted. The package deliberately
// knows no page, no text and no SQL: storage keeps the counters and makes each
// decision one at a time.
//
//	free ──5 failures──▶ waiting ──time──▶ one more try ──failure──▶ waiting longer
//	  ▲                     │                   │
//	  │                     └──20 in 24 h──▶ blocked ──oldest is 24 h old──▶ one more try
//	  └──────────right password, or a reset that succeeded, or a day without failure
package throttle
