// Package letter lays out the letters a landlord gets by post, one A4 page
// each, as PDF.
//
//	Composer  texts + data  →  Letter        what is said, still without form
//	Letter    →  lay  →  page                what stands where, in millimetres
//	WritePDF  page  →  PDF                   drawn, reproducible to the byte
//	Lines     name + address  →  the block in the window, or an error
//
// Sheet, folded in three for a DL envelope, in mm from the top left corner:
//
//	y  15– 40  x  20– 85   sender
//	y  55– 79  x 100–190   the part of the sheet every window shows: recipient
//	y  40– 92  x  85–210   quiet zone: nothing but the recipient
//	y  99, 198             fold marks
//	y 100–118  x  20       place and date, object, numéro utilisateur
//	y 122–275  x  20–190   body; the secret's box inside y 140–185, so that it
//	                       lies on the folded-in third
//	y 280–290  x  20–190   footer
//
// A letter that does not fit is an error for that letter, found by Check before
// anything is printed: nothing is ever cut, shrunk or moved to a second page,
// because a second page may end in somebody else's envelope.
//
// The package deliberately does not know who gets a letter, how secrets are
// made, nor where the file goes.
package letter
