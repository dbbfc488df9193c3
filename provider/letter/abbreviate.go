package letter

import "strings"

// The words that NF Z 10-011 and postal use abbreviate, in the order they are
// tried. Names, roads and towns have a list each: « Place » is a road but may
// also be somebody's surname.
var (
	nameWords = [][2]string{
		{"SOCIETE CIVILE IMMOBILIERE", "SCI"}, {"SOCIETE A RESPONSABILITE LIMITEE", "SARL"},
		{"SOCIETE PAR ACTIONS SIMPLIFIEE", "SAS"}, {"SOCIETE ANONYME", "SA"}, {"SOCIETE CIVILE", "SC"},
		{"OFFICE PUBLIC DE L'HABITAT", "OPH"}, {"HABITATION A LOYER MODERE", "HLM"},
		{"ENTREPRISE SOCIALE POUR L'HABITAT", "ESH"}, {"SOCIETE", "STE"}, {"ASSOCIATION", "ASSOC"},
		{"ETABLISSEMENTS", "ETS"}, {"ETABLISSEMENT", "ETS"}, {"COMPAGNIE", "CIE"},
		{"MONSIEUR ET MADAME", "M MME"}, {"MONSIEUR", "M"}, {"MADAME", "MME"},
	}
	roadWords = [][2]string{
		{"APPARTEMENT", "APP"}, {"BATIMENT", "BAT"}, {"ESCALIER", "ESC"}, {"ETAGE", "ETG"}, {"IMMEUBLE", "IMM"},
		{"RESIDENCE", "RES"}, {"ENTREE", "ENT"}, {"LOTISSEMENT", "LOT"}, {"BOITE POSTALE", "BP"},
		{"ZONE D'ACTIVITES", "ZA"}, {"ZONE D ACTIVITES", "ZA"}, {"ZONE ARTISANALE", "ZA"}, {"ZONE INDUSTRIELLE", "ZI"},
		{"AVENUE", "AV"}, {"BOULEVARD", "BD"}, {"ALLEES", "ALL"}, {"ALLEE", "ALL"}, {"CHEMIN", "CHE"},
		{"FAUBOURG", "FG"}, {"HAMEAU", "HAM"}, {"IMPASSE", "IMP"}, {"LIEU DIT", "LD"}, {"PASSAGE", "PAS"},
		{"PLACE", "PL"}, {"PROMENADE", "PROM"}, {"QUARTIER", "QUA"}, {"ROUTE", "RTE"}, {"SQUARE", "SQ"}, {"TRAVERSE", "TRA"},
		{"MARECHAL", "MAL"}, {"GENERAL", "GAL"}, {"COLONEL", "COL"}, {"COMMANDANT", "CDT"}, {"CAPITAINE", "CNE"},
		{"LIEUTENANT", "LT"}, {"PRESIDENT", "PDT"}, {"PROFESSEUR", "PR"}, {"DOCTEUR", "DR"}, {"MONSEIGNEUR", "MGR"},
		{"NOTRE DAME", "ND"}, {"SAINTE", "STE"}, {"SAINT", "ST"}, {"GRANDE", "GDE"}, {"GRAND", "GD"},
		{"PETITE", "PTE"}, {"PETIT", "PT"},
	}
	townWords = [][2]string{{"NOTRE DAME", "ND"}, {"SAINTE", "STE"}, {"SAINT", "ST"}, {"SOUS", "S"}, {"SUR", "S"}}
)

// abbreviate shortens whole words one after the other, and stops as soon as the
// line fits: an address is never shortened more than it must be.
func abbreviate(line string, words [][2]string) string {
	for _, w := range words {
		for len(line) > maxWidth {
			short := strings.Replace(" "+line+" ", " "+w[0]+" ", " "+w[1]+" ", 1)
			if short = strings.TrimSpace(short); short == line {
				break
			}
			line = short
		}
	}
	return line
}
