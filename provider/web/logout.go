package web

// LogoutPage is the data of the page « Voulez-vous vous déconnecter ? », which
// is asked here and on behalf of an application.
type LogoutPage struct {
	Application string // who asks; "" = the person, on our own page
	Action      string // where the button posts
	Hidden      []Hidden
}

// Hidden is a field that the page carries from the request to the button.
type Hidden struct{ Name, Value string }
