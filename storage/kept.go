package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Kept says what one table keeps about a person, and what of it he is handed
// out. Every column of every table stands here or in NotPersonal: a test walks
// the schema, and whoever adds one decides.
type Kept struct {
	Table    string
	By       string            // KeptByUser or KeptByAccount: what $1 is in Where
	Where    string            // which rows are about the person
	Columns  []string          // handed out
	Withheld map[string]string // column → why it is not
}

// Whose id stands for the person in a table.
const (
	KeptByUser    = "user"
	KeptByAccount = "account"
)

// Reasons to withhold a column.
const (
	secretHash = "hash of a secret: it says nothing about the person and could help an attacker"
	himself    = "the number of the person himself, by which the rows were found"
	theSame    = "the same as the column beside it, written for comparing"
	technical  = "for the machine, says nothing about the person"
	another    = "the number of another person"
	onward     = "what an application was told of the sign-in; the same stands in sessions and users"
)

const ofGrants = `grant_id IN (SELECT id FROM grants WHERE user_id = $1)`

// KeptTables lists the tables that keep something about a person.
var KeptTables = []Kept{
	{"accounts", KeptByAccount, `id = $1`, []string{"number", "kind", "department", "company_name", "siret", "channel", "contact_email", "contact_changed_at", "address",
		"claimed_at", "suspended_at", "reviewed_at", "created_at", "updated_at"}, map[string]string{"id": himself}},
	{"users", KeptByUser, `id = $1`, []string{"identifier", "title", "given_name", "family_name", "email", "email_verified_at", "phone", "job_title", "role", "state", "state_at",
		"password_set_at", "password_must_change", "password_long", "details_at", "activated_at", "last_sign_in_at", "reminders", "dormancy_at", "dormancy_warnings", "erased_at", "factor_since", "created_at"},
		map[string]string{"id": himself, "account_id": himself, "email_key": theSame, "password_hash": secretHash, "invited_by": another, "suspended_by": another}},
	{"email_changes", KeptByUser, `user_id = $1`, []string{"purpose", "email", "attempts", "expires_at", "sent_day", "sent_count", "created_at"},
		map[string]string{"user_id": himself, "email_key": theSame, "code_hash": secretHash}},
	{"email_undos", KeptByUser, `user_id = $1`, []string{"email", "new_email", "created_at", "expires_at", "used_at"},
		map[string]string{"id": technical, "user_id": himself, "email_key": theSame, "hash": secretHash}},
	{"provisionals", KeptByUser, `user_id = $1`, []string{"id", "channel", "email_key", "created_at", "expires_at", "used_at", "superseded_at"},
		map[string]string{"user_id": himself, "hash": secretHash}},
	{"sessions", KeptByUser, `user_id = $1`, []string{"id", "provisional_id", "amr", "authenticated_at", "confirmed_at", "factor_at", "administrator_accepted_at", "user_agent", "seen_at", "expires_at", "ended_at"},
		map[string]string{"user_id": himself, "id_hash": secretHash, "pending": "what a page waits for; it may hold a secret", "pending_until": technical}},
	{"known_browsers", KeptByUser, `user_id = $1`, []string{"id", "created_at", "expires_at"}, map[string]string{"user_id": himself, "hash": secretHash}},
	{"factors", KeptByUser, `user_id = $1`, []string{"id", "kind", "name", "counter", "created_at", "used_at"},
		map[string]string{"user_id": himself, "credential": technical, "data": "sealed: the secret itself"}},
	{"recovery_codes", KeptByUser, `user_id = $1`, []string{"created_at", "used_at"}, map[string]string{"user_id": himself, "hash": secretHash}},
	{"acceptances", KeptByUser, `user_id = $1`, []string{"kind", "version", "sha256", "accepted_at"},
		map[string]string{"id": technical, "user_id": himself, "account_id": himself, "document_id": technical}},
	{"consents", KeptByUser, `user_id = $1`, []string{"client_id", "scopes", "granted_at"}, map[string]string{"user_id": himself}},
	{"account_rights", KeptByAccount, `account_id = $1`, []string{"client_id", "given", "withheld", "changed_at"}, map[string]string{"account_id": himself}},
	{"role_offers", KeptByUser, `(from_id = $1 OR to_id = $1)`, []string{"keeps", "created_at", "expires_at"}, map[string]string{"account_id": himself, "from_id": another, "to_id": another}},
	{"user_rights", KeptByUser, `user_id = $1`, []string{"client_id", "rights", "changed_at"}, map[string]string{"user_id": himself}},
	{"grants", KeptByUser, `user_id = $1`, []string{"id", "client_id", "session_id", "scopes", "offline", "created_at", "expires_at", "revoked_at"}, map[string]string{"user_id": himself}},
	{"codes", KeptByUser, ofGrants, []string{"grant_id", "client_id", "scopes", "granted", "requested_at", "expires_at", "used_at"},
		map[string]string{"signature": secretHash, "request": "what the application asked for: scopes says it", "session": onward}},
	{"access_tokens", KeptByUser, ofGrants, []string{"grant_id", "client_id", "scopes", "audience", "requested_at", "expires_at"},
		map[string]string{"signature": secretHash, "session": onward}},
	{"refresh_tokens", KeptByUser, ofGrants, []string{"grant_id", "client_id", "scopes", "created_at", "expires_at", "first_used_at", "uses", "leaked_at"},
		map[string]string{"signature": secretHash, "session": onward}},
	{"device_codes", KeptByUser, ofGrants, []string{"grant_id", "client_id", "scopes", "denied_at", "used_at", "created_at", "expires_at"},
		map[string]string{"signature": secretHash, "user_code_hash": secretHash, "session": onward, "pause": technical, "polled_at": technical, "too_soon": technical}},
	{"flows", KeptByUser, `session_id IN (SELECT id FROM sessions WHERE user_id = $1)`, []string{"client_id", "scopes", "login_hint", "session_id", "consented_at", "denied_at", "finished_at", "device", "created_at", "expires_at"},
		map[string]string{"id": technical, "browser_hash": secretHash, "request": "what the application asked for: scopes says it", "redirect_uri": technical, "force_sign_in": technical,
			"fresh_after": technical, "force_consent": technical, "choose_account": technical, "force_factor": technical, "user_code": "secret of a device that waits"}},
	{"logouts", KeptByUser, `user_id = $1`, []string{"session_id", "client_id", "state", "attempts", "created_at", "left_at"},
		map[string]string{"user_id": himself, "not_before": technical, "leased_until": technical, "last_error": "what the application's server answered"}},
	{"messages", KeptByUser, `user_id = $1`, []string{"id", "kind", "channel", "data", "state", "attempts", "last_error", "run", "letter", "provisional_id", "created_at", "left_at"},
		map[string]string{"account_id": himself, "user_id": himself, "priority": technical, "follows": technical, "not_before": technical, "leased_until": technical}},
	{"closings", KeptByUser, `user_id = $1`, []string{"reason", "asked_at", "withdrawn_at", "answered_at", "answer", "note"},
		map[string]string{"id": technical, "user_id": himself, "answered_by": "who in the agency did it: another person"}},
	{"undeliverable", KeptByAccount, `account_id = $1`, []string{"channel", "reason", "since"}, map[string]string{"account_id": himself}},
	{"problems", KeptByAccount, `account_id = $1 AND account_id <> ''`, []string{"reference", "path", "outcome", "created_at", "seen_at"},
		map[string]string{"id": technical, "browser_hash": secretHash, "account_id": himself}},
	{"failures", KeptByUser, `(key = 'user:' || CAST($1 AS TEXT) OR key LIKE 'user:' || CAST($1 AS TEXT) || '/%')`, []string{"streak", "recent", "last_at"}, map[string]string{"key": himself}},
	{"throttles", KeptByUser, `(key LIKE '%user:' || CAST($1 AS TEXT) || '%' OR key LIKE '%account:' || (SELECT account_id FROM users WHERE id = $1))`, []string{"tat"}, map[string]string{"key": himself}},
	{"audit", KeptByUser, `(subject = $1 OR subject = (SELECT account_id FROM users WHERE id = $1)
		AND (details NOT LIKE '%"user":%' OR details LIKE '%"user":"' || CAST($1 AS TEXT) || '"%') OR actor = $1 AND actor <> subject AND actor <> 'system')`, []string{"seq", "at", "actor", "action", "subject", "details"},
		map[string]string{"hash": "chains the events to each other, whoever they are about"}},
}

// NotPersonal lists the tables that keep nothing about a person, each with its
// reason.
var NotPersonal = map[string]string{
	"documents":        "the texts that everybody accepts",
	"clients":          "applications",
	"registrations":    "applications",
	"invitations":      "applications",
	"logos":            "applications",
	"assertions":       "proofs of applications",
	"dpop_proofs":      "proofs of applications",
	"pushed_requests":  "requests of applications, before anybody has signed in; an hour at most",
	"signing_keys":     "our own keys",
	"print_runs":       "how many letters were printed when",
	"leases":           "which replica does what",
	"audit_head":       "the end of the journal's chain",
	"help_requests":    "sealed, tied to no account, and answered within a moment",
	"goose_db_version": "the version of the schema",
}

// KeptTable is what a table keeps about one person.
type KeptTable struct {
	Table string
	Rows  []KeptRow
}

// KeptRow is a row, in the order of its columns.
type KeptRow []KeptField

// KeptField is a value of a row: nil for never, string, bool, int64, Time, or
// map[string]string.
type KeptField struct {
	Column string
	Value  any
}

// MarshalJSON writes the row as an object.
func (r KeptRow) MarshalJSON() ([]byte, error) {
	object := make(map[string]any, len(r))
	for _, f := range r {
		object[f.Column] = f.Value
		if t, ok := f.Value.(Time); ok {
			object[f.Column] = t.Time()
		}
	}
	return json.Marshal(object)
}

// KeptAbout returns everything that is kept about a person, table by table, in
// the order of KeptTables; empty tables are left out.
func (q *Queries) KeptAbout(ctx context.Context, u User) (tables []KeptTable, err error) {
	for _, k := range KeptTables {
		id := u.ID
		if k.By == KeptByAccount {
			id = u.AccountID
		}
		rows, err := all(ctx, q, k.scan, `SELECT `+strings.Join(k.Columns, ", ")+` FROM `+k.Table+` WHERE `+k.Where+` ORDER BY 1`, id)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", k.Table, err)
		}
		if len(rows) > 0 {
			tables = append(tables, KeptTable{k.Table, rows})
		}
	}
	return tables, nil
}

func (k Kept) scan(s scanner) (KeptRow, error) {
	values, into := make([]any, len(k.Columns)), make([]any, len(k.Columns))
	for i := range values {
		into[i] = &values[i]
	}
	if err := s.Scan(into...); err != nil {
		return nil, err
	}
	row := make(KeptRow, len(values))
	for i, column := range k.Columns {
		value, err := keptValue(column, values[i])
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", column, err)
		}
		row[i] = KeptField{column, value}
	}
	return row, nil
}

// timed are columns of times whose name does not end in _at.
var timed = []string{"at", "since", "factor_since", "sent_day", "tat"}

// objects are columns that hold a JSON object of texts.
var objects = []string{"data", "details"}

func keptValue(column string, stored any) (any, error) {
	switch v := stored.(type) {
	case int64:
		if !strings.HasSuffix(column, "_at") && !slices.Contains(timed, column) {
			return v, nil
		}
		if v == 0 {
			return nil, nil
		}
		return Time(v), nil
	case []byte:
		return nil, fmt.Errorf("bytes are not handed out")
	case string:
		if !slices.Contains(objects, column) {
			return v, nil
		}
		object := map[string]string{}
		err := json.Unmarshal([]byte(v), &object)
		return object, err
	}
	return stored, nil
}
