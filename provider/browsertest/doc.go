// Package browsertest plays the demonstration in a real browser, as its four
// invented people would: from their mailbox through the sign-in to the partner
// application, with and without JavaScript, on a narrow and on a wide screen.
//
// The stories of people who cannot get in are played here from the page that stops
// them to the page they wanted, and « Problème de connexion » is walked to each of
// its ends.
//
// Every page that is met is looked at: a screenshot is kept, axe-core must find
// nothing, nothing may stick out at the side, and the title must say where one
// is. Other tests cover the keyboard, error summaries, the back button, reload
// and two tabs.
//
// The tests need Chromium and the build tag browser:
//
//	go test -tags browser ./provider/browsertest/
//
// Screenshots go to build/screenshots of the repository, or to the folder named
// by LOGE_SCREENSHOTS. testdata/axe holds axe-core as published, with its
// licences; it is used by these tests only and is no part of the program.
package browsertest
