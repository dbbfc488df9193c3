package session

import (
	"net/url"

	"loge/provider/web"
	"loge/storage"
)

// Visit is one request of a person who is signed in and of whom the sign-in has
// nothing left to ask. Features beside the sign-in are handed it: who may have
// one is not theirs to decide.
type Visit struct {
	Session   storage.Session
	User      storage.User
	Account   storage.Account
	Form      url.Values     // of a POST
	TimeLimit *web.TimeLimit // for each page that is shown
}

// Page fills in what every page of a signed-in person has.
func (v Visit) Page(view web.View) web.View {
	view.SignedIn, view.Number, view.TimeLimit = true, v.Account.Number, v.TimeLimit
	return view
}
