package provider_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// layers says which packages may import which: only those of a lower number,
// strictly. Two packages that must know each other need two numbers.
var layers = map[string]int{
	"loge/storage":   0,
	"loge/templates": 0,

	"loge/storage/storagetest": 1,
	"loge/provider/config":     1,
	"loge/provider/job":        1,
	"loge/provider/outbound":   1,
	"loge/provider/secret":     1,
	"loge/provider/telemetry":  1,
	"loge/provider/text":       1,

	"loge/provider/account":  2, // rules
	"loge/provider/factor":   2,
	"loge/provider/password": 2,
	"loge/provider/terms":    2,
	"loge/provider/registry": 2,
	"loge/provider/throttle": 2,

	"loge/provider/emailcode": 3, // tools
	"loge/provider/letter":    3,
	"loge/provider/mail":      3,
	"loge/provider/web":       3,

	"loge/provider/session": 4,

	"loge/provider/delivery":     5, // features
	"loge/provider/life":         5,
	"loge/provider/oauth":        5,
	"loge/provider/operator":     5,
	"loge/provider/organisation": 5,
	"loge/provider/recovery":     5,
	"loge/provider/self":         5,
	"loge/provider/secondfactor": 5,
	"loge/provider/signin":       5,

	"loge/provider": 6,

	"loge/provider/demo":         7,
	"loge/provider/providertest": 7,

	"loge/cmd/loge":             8,
	"loge/provider/browsertest": 8,
	"loge/provider/partnertest": 8,
}

const rules = 2

// listed is what go list says about one package.
type listed struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

func TestImportsOnlyGoDown(t *testing.T) {
	for _, p := range packages(t) {
		layer, known := layers[p.ImportPath]
		if !known {
			t.Errorf("%s has no layer: decide one in provider/arch_test.go", p.ImportPath)
			continue
		}
		for _, imported := range p.Imports {
			if below, ours := layers[imported]; ours && below >= layer {
				t.Errorf("%s (layer %d) must not import %s (layer %d)", p.ImportPath, layer, imported, below)
			}
		}
	}
}

func TestRulesKnowNoServerAndNoDatabase(t *testing.T) {
	for _, p := range packages(t) {
		if layers[p.ImportPath] != rules {
			continue
		}
		for _, forbidden := range []string{"net/http", "database/sql"} {
			if slices.Contains(p.Imports, forbidden) {
				t.Errorf("%s holds rules and must not import %s", p.ImportPath, forbidden)
			}
		}
	}
}

func TestOnlyOAuthKnowsFosite(t *testing.T) {
	onlyImportedBy(t, "github.com/ory/fosite", "loge/provider/oauth")
}

func TestOnlyFactorKnowsWebAuthn(t *testing.T) {
	onlyImportedBy(t, "github.com/go-webauthn/webauthn", "loge/provider/factor")
}

func TestOnlyTelemetryKnowsPrometheus(t *testing.T) {
	onlyImportedBy(t, "github.com/prometheus/client_golang", "loge/provider/telemetry")
}

// onlyImportedBy reports every other package that imports the module.
func onlyImportedBy(t *testing.T, module, owner string) {
	t.Helper()
	for _, p := range packages(t) {
		if p.ImportPath == owner {
			continue
		}
		for _, imported := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			if imported == module || strings.HasPrefix(imported, module+"/") {
				t.Errorf("%s must not import %s: only %s may", p.ImportPath, imported, owner)
			}
		}
	}
}

// packages lists every package of the module.
func packages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-tags", "browser", "-json=ImportPath,Imports,TestImports,XTestImports", "loge/...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var all []listed
	decoder := json.NewDecoder(bytes.NewReader(out))
	for {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("read go list: %v", err)
		}
		all = append(all, p)
	}
	if len(all) < 10 {
		t.Fatalf("go list found %d packages only", len(all))
	}
	return all
}
