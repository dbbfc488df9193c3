// This module stands in for github.com/ory/x, of which fosite needs a dozen
// lines and which would otherwise bring 288 modules with it.
module github.com/ory/x

go 1.26

require go.opentelemetry.io/otel/trace v1.38.0

require go.opentelemetry.io/otel v1.38.0 // indirect
