// Package organisation is « Mon organisme »: an administrator looks after the
// accesses of his colleagues.
//
//	/organisme                              who has access; the yearly review
//	/organisme/ajouter                      invites somebody
//	/organisme/personnes/ID                 one person: rights, codes, suspension
//	/organisme/personnes/ID/retirer         asks before it ends an access for good
//	/organisme/personnes/ID/collaborateur   asks before it takes the role from another administrator
//	/organisme/personnes/ID/administrateur  asks before it offers the role
//	/organisme/passer-le-role               hands one's own role over
//	/organisme/role                         where the other accepts
//	/organisme/journal                      what was done in the organisation
//	/organisme/adresse                      shows and changes the organisation's e-mail address
//	/organisme/adresse/code                 takes the code that was sent to the new one
//
// Whoever is no administrator finds none of these pages (404), except /role for
// whom the role was offered to. A person of another organisation does not exist
// here either: the organisation stands in every query.
//
// What an administrator may do to whom is in provider/account (MayDo); pages show
// what is possible by asking it, and the statements in storage ask
// again while the account is held, so that of two administrators who act on each
// other at once one remains. What was overtaken changes nothing and is shown as
// it is now.
//
// Every act asks for a recent proof of the password (self.Confirmed, before the
// handler) and leaves in one transaction with its line in the journal and the
// mails to whom it concerns. The journal names users by id: names are looked up
// when it is shown, and are gone when the person is erased. It tells what the
// agency did as well, in the agency's name and without the agent's, and which
// accesses ended because nobody used them.
//
// Choices. The administrators of an organisation are its users with that role;
// accounts.administrator_id only says that the first one has been found. An
// administrator holds every right that the organisation holds and is given none;
// when he becomes a member he keeps them all, until somebody takes some away.
// An invitation goes to an address that nobody else uses, and an address that
// is used is refused without a word about whose it is. What the agency
// suspended, only the agency reopens. Removing closes an access for good: whoever
// comes back is invited again and gets another identifier. An offer of the role
// is one at a time, and ends after two weeks. Whoever hands the role over chooses
// among active members, a page at a time, by the search, or from the person's own
// page (?personne=ID). Whoever accepts with a password
// too short for an administrator is asked for another one by the sign-in.
//
// The organisation's address gets notices. As long as it is the one that the
// agency knows it also gets the codes of a person without an address of his own,
// and « Mot de passe oublié » works with it until that person has signed in. One
// that an administrator gave opens nothing (storage.Account.CredentialsEmail): such
// codes go by letter, and if the agency takes the role back from everybody, the
// address goes too. That is why a change needs no way back for a day, as a
// person's own address does. Several organisations may share an address, and
// people may use it themselves, so none is refused because somebody has it: the
// code typed says that it is read. Each administrator has five sendings a day and
// one address that waits; when one of them changes it, the others' wait no longer.
package organisation
