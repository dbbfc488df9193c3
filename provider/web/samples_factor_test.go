package web_test

import (
	"html/template"
	"net/url"

	"loge/provider/web"
)

// factorSamples are the pages of the double vérification, with all their branches.
func factorSamples(or func(string) string, wrong func(...string) web.FieldErrors, values url.Values, limit *web.TimeLimit) []sample {
	type factorCommon struct {
		Flow, Base, Back, Until string
		SignIn                  bool
	}
	mine := factorCommon{Base: "/compte/double-verification", Back: "/compte/double-verification"}
	step3 := factorCommon{Flow: or("01944d5a"), Base: "/connexion/double-verification", Back: "/connexion/double-verification?demande=01944d5a", SignIn: true}
	type factorItem struct{ ID, Kind, Name, Added, Shown string }
	type verifyPage struct {
		factorCommon
		Application bool
		Options     string
	}
	type squarePage struct {
		Size int
		Path string
	}
	type applicationPage struct {
		factorCommon
		Square squarePage
		Link   template.URL
		Key    string
	}
	type keyPage struct {
		factorCommon
		Options string
	}
	type factorsPage struct {
		factorCommon
		Factors                []factorItem
		Left                   int
		Wanted, Passkeys, Full bool
		Done                   string
	}
	type factorRemovePage struct {
		factorItem
		Last bool
	}
	type codesPage struct {
		factorCommon
		Name, Number, Date string
		Codes              []string
	}
	type invitePage struct {
		factorCommon
		Application string
		Passkeys    bool
	}
	return []sample{
		{"verify", web.View{Template: "verify", Department: "69", Passkey: true, TimeLimit: limit, Redirects: "https://loyers.example/retour", Data: verifyPage{step3, true, or(`{"challenge":"x"}`)}}},
		{"verify-erreur", web.View{Template: "verify", Values: values, Errors: wrong("code", "factor.error.wrong"), Data: verifyPage{mine, false, ""}}},
		{"factorapplication", web.View{Template: "factorapplication", SignedIn: true, Number: or("45675320380001"), Data: applicationPage{mine, squarePage{29, "M4 4h7v1h-7z"}, "otpauth://totp/x", or("GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ")}}},
		{"factorapplication-erreur", web.View{Template: "factorapplication", Values: values, Errors: wrong("code", "factor.error.code_wrong"), Data: applicationPage{step3, squarePage{29, "M4 4h7v1h-7z"}, "otpauth://totp/x", or("GEZD GNBV")}}},
		{"factorkey", web.View{Template: "factorkey", SignedIn: true, Number: or("45675320380001"), Passkey: true, Data: keyPage{mine, or(`{"challenge":"x"}`)}}},
		{"factorkey-inconnue", web.View{Template: "factorkey", Values: values, Errors: wrong("", "factor.error.new_key"), Data: keyPage{step3, ""}}},
		{"codes", web.View{Template: "codes", Data: codesPage{step3, or("Marguerite Lefèvre"), or("45675320380001"), or("12 mars 2026"), []string{or("1234 5678 9012"), "2345 6789 0123"}}}},
		{"codesrenew", web.View{Template: "codesrenew", SignedIn: true, Number: or("45675320380001"), Data: struct {
			factorCommon
			Left int
		}{mine, 7}}},
		{"factors", web.View{Template: "factors", SignedIn: true, Number: or("45675320380001"), TimeLimit: limit, Data: factorsPage{factorCommon: mine, Passkeys: true, Wanted: true, Left: 9, Done: "ajout", Factors: []factorItem{
			{or("0194-f"), "totp", or("Téléphone"), or("12 mars 2026"), or("3 avril 2026 à 9 h 05")}, {"0194-g", "passkey", "", or("13 mars 2026"), or("3 avril 2026 à 9 h 06")}}}}},
		{"factors-aucune", web.View{Template: "factors", SignedIn: true, Number: or("45675320380001"), Data: factorsPage{factorCommon: mine}}},
		{"factors-complet", web.View{Template: "factors", SignedIn: true, Number: or("45675320380001"), Data: factorsPage{factorCommon: mine, Full: true, Done: "complet", Factors: []factorItem{{"0194-f", "totp", "", "12 mars 2026", "3 avril 2026 à 9 h 05"}}}}},
		{"factorremove", web.View{Template: "factorremove", SignedIn: true, Number: or("45675320380001"), Data: factorRemovePage{factorItem{or("0194-f"), "totp", or("Téléphone"), or("12 mars 2026"), or("3 avril 2026 à 9 h 05")}, true}}},
		{"factorremove-autre", web.View{Template: "factorremove", SignedIn: true, Number: or("45675320380001"), Data: factorRemovePage{factorItem{ID: or("0194-f"), Kind: "passkey", Added: "12 mars 2026", Shown: "3 avril 2026 à 9 h 05"}, false}}},
		{"factorinvite", web.View{Template: "factorinvite", Redirects: "https://loyers.example/retour", Data: invitePage{step3, or("Loyers"), true}}},
		{"factorinvite-administrateur", web.View{Template: "factorinvite", Data: invitePage{factorCommon{Base: "/connexion/double-verification"}, "", false}}},
	}
}
