package storage

import "context"

// Visitor is the person at a browser: the holder of its session, and what only
// the sign-in asks beside.
type Visitor struct {
	Holder
	UpToDate bool // has accepted the version of each kind of document that counts now
}

func scanVisitor(s scanner) (v Visitor, err error) {
	_, err = v.scan(s, &v.UpToDate)
	return v, err
}

var visitorOfCookie = `SELECT ` + holderColumns(qualified("s", sessionColumns), `$3`) + `,
		NOT EXISTS (SELECT 1 FROM documents AS d WHERE d.published_at <= $3
			AND NOT EXISTS (SELECT 1 FROM acceptances AS p WHERE p.user_id = u.id AND p.document_id = d.id AND p.sha256 = d.sha256)
			AND NOT EXISTS (SELECT 1 FROM documents AS n WHERE n.kind = d.kind AND n.published_at <= $3
				AND (n.published_at > d.published_at OR n.published_at = d.published_at AND n.id > d.id)))
	FROM sessions AS s LEFT JOIN clients AS c ON c.id = $2 JOIN users AS u ON u.id = s.user_id ` + holderTables + ` WHERE s.id_hash = $1`

// VisitorOfCookie returns the person whose session has that cookie, towards that
// client, ended sessions included. clientID may be "": no client asks, and none
// would be given anything.
func (q *Queries) VisitorOfCookie(ctx context.Context, hash []byte, clientID string, now Time) (Visitor, error) {
	return one(ctx, q, scanVisitor, visitorOfCookie, hash, clientID, now)
}
