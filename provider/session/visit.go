package session

import (
	"net/url"

	"loge/provider/web"
	"loge/storage"
)

// Visit is one request of a person who is signed in and of whom the sign-in has
// nothing left to ask, or whom it asks what the feature is for. Features beside
// the sign-in are handed it: who may have one is not theirs to decide.
type Visit struct {
	Session   storage.Session
	User      storage.User
	Account   storage.Account
	Form      url.Values     // of a POST
	TimeLimit *web.TimeLimit // for each page that is shown

	// Step is the step of the sign-in whose turn it is, "" when none is left.
	Step string
	// Flow is the request that waits for the step; ID "" when none does.
	Flow storage.Flow
	// Request is what the step's pages carry on as demande, "" = nothing.
	Request string
}

// Page fills in what every page of a signed-in person has.
func (v Visit) Page(view web.View) web.View {
	view.SignedIn, view.Number, view.Department, view.TimeLimit = true, v.Account.Number, v.Account.Department, v.TimeLimit
	return view
}
