package provider_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// fositePitfalls are the things that fosite v0.49.0 gets wrong or leaves to its
// user, in the order of fosite.md §3, and the tests that show what happens
// here. The number is the item's.
var fositePitfalls = []struct {
	item        int
	what, tests string
}{
	{1, "a code redeems without its verifier after a wrong one", "oauth.TestPKCECannotBeDowngraded"},
	{2, "two redemptions at once succeed", "oauth.TestConcurrentRedemptionsGiveOneSuccess provider.TestOneOfEightRedemptionsSucceeds"},
	{3, "the loser is told of a server error", "oauth.TestConcurrentRedemptionsGiveOneSuccess"},
	{4, "half an exchange is stored", "oauth.TestFailedExchangeLeavesTheCodeUnspent oauth.TestUnsignedIDTokenLeavesTheCodeUnspent"},
	{5, "a forged code revokes somebody's tokens", "oauth.TestForgedCodeRevokesNothing oauth.TestCodeShownByAnotherClientIsBurnt"},
	{6, "the code's session is read twice into one object", "oauth.TestRequestsMakeFewRoundTrips oauth.TestAuthTimeIsThatOfTheSignIn"},
	{7, "the database holds whole codes", "oauth.TestStolenDatabaseHoldsNoCodeAndNoToken"},
	{8, "a slow hash at each call", "oauth.TestEachClientAuthenticatesItsOneWay oauth.TestUnknownClientCostsWhatAWrongSecretCosts"},
	{9, "unknown clients are answered sooner", "oauth.TestUnknownClientCostsWhatAWrongSecretCosts oauth.TestUnknownClientCostsWhatAWrongKeyCosts"},
	{10, "an expired assertion is a server error, clocks must be right", "oauth.TestClientAssertions"},
	{11, "the issuer is no audience of an assertion", "oauth.TestClientAssertions oauth.TestAssertionsAtEveryEndpoint"},
	{12, "a jti is checked and noted in two steps, for all clients", "oauth.TestAnAssertionIsUsedOnce storage.TestAnAssertionIsUsedOnceUntilItIsPurged"},
	{13, "keys without use are ignored, the first fitting one is taken", "oauth.TestKeysOfAClientThatFitASignature oauth.TestClientAssertions"},
	{14, "what is fetched for clients is not bounded", "oauth.TestKeysChangeAtTheClient oauth.TestJWKSAddressIsGuarded oauth.TestNothingAClientNamesReachesANeighbour"},
	{15, "unsupported_grant_type is never told", "oauth.TestTokenRequestIsReadStrictly"},
	{16, "a 401 names no scheme", "oauth.TestEachClientAuthenticatesItsOneWay"},
	{17, "parameters sent twice, bodies of any kind and size", "oauth.TestTokenRequestIsReadStrictly oauth.TestOtherMistakesAreToldToTheClient"},
	{18, "errors tell what is inside", "oauth.TestErrorDescriptionsArePlainASCII"},
	{19, "state is demanded", "oauth.TestStateComesBackExactlyOrNotAtAll"},
	{20, "request objects lose their types, are unsigned, foreign or ignored", "oauth.TestRequestObject oauth.TestRequestObjectsAreRefused oauth.TestRequestObjectIsNeverIgnored"},
	{21, "pushed requests keep credentials, mix and are used up by a visit", "oauth.TestPushedRequestIsStoredWithoutCredentials oauth.TestPushedRequestIsAnsweredOnce oauth.TestPushedRequestIsItsClientsOwn oauth.TestPushedRequestWaitsForItsPerson"},
	{22, "redirect addresses match too much", "oauth.TestRedirectURIIsComparedByteForByte oauth.TestInstalledApplicationsChooseTheirLoopbackPort oauth.TestDangerousRegisteredURIsAreNotUsed"},
	{23, "people are shown JSON", "oauth.TestRequestWithoutASettledAddresseeGetsAPage"},
	{24, "codes live for minutes, scopes have wildcards", "oauth.TestCodeIsBoundToTimeRedirectAndVerifier oauth.TestScopesAreBoundedByTheClientsRegistration"},
	{25, "defaults are written on first use", "oauth.TestManyRequestsAtOnce"},
	{26, "secrets are cut to 32 bytes", "oauth.TestTokensDependOnTheWholeMasterSecret"},
	{27, "signatures of JWTs are keys of the database", "oauth.TestStolenDatabaseHoldsNoCodeAndNoToken"},
	{28, "one signing key, old tokens do not verify", "oauth.TestKeySet oauth.TestKeyRotation oauth.TestSigningKeysRotateOnACalendar"},
	{29, "at_hash is of the wrong hash", "oauth.TestRelyingPartyVerifiesIDTokens"},
	{30, "ID tokens say more than is known, hints are stored", "oauth.TestIDTokenHoldsWhatItMustAndNoMore oauth.TestIDTokenHint oauth.TestHintUnderAForeignKey"},
	{31, "a refreshed JWT keeps iat and jti", "oauth.TestJWTAccessTokens oauth.TestRefreshGivesTheNextPair"},
	{32, "a refreshed ID token lacks what the first one had", "oauth.TestRefreshGivesTheNextPair"},
	{33, "an ID token is taken for an access token", "oauth.TestSignedTokensAreNotTakenForOneAnother oauth.TestKindsOfTokenAreNotMixedUp"},
	{34, "handlers share sessions", "oauth.TestManyRequestsAtOnce"},
	{35, "revocation reads without a session", "oauth.TestRevocationEndsWhatItIsGiven"},
	{36, "sessions are large and have no version", "oauth.TestRecordsOutliveAnUpgrade"},
	{37, "a refresh ignores the scope and has no end", "oauth.TestRefreshNarrowsTheScope oauth.TestRefreshTokensEnd"},
	{38, "two tabs that refresh are thieves", "oauth.TestConcurrentRefreshesAreOneFamily oauth.TestWithoutGraceARefreshTokenWorksOnce"},
	{39, "reuse ends half a family", "oauth.TestReuseAfterTheGraceRevokesTheFamily oauth.TestRevocationWinsOverARotationUnderWay"},
	{40, "revocation says yes when it failed", "oauth.TestRevocationTellsTheTruthWhenStorageFails oauth.TestRevocationOfAnotherClientsToken"},
	{41, "introspection tells everybody everything", "oauth.TestIntrospectionHasOwners oauth.TestIntrospectionTellsAClientAboutItsTokens"},
	{42, "statuses of errors vary", "oauth.TestRefreshTokensEnd oauth.TestRefreshRequestsAreChecked"},
	{43, "errors of ours are told, or lost", "oauth.TestFailedExchangeLeavesTheCodeUnspent oauth.TestStorageTroubleAtTheAuthorizationEndpoint"},
}

// protocolClasses are the classes of security-classes.md that touch endpoints
// of the protocol, and their permanent tests there.
var protocolClasses = []struct {
	class       int
	what, tests string
}{
	{1, "code or refresh token not bound to the client", "oauth.TestCodeShownByAnotherClientIsBurnt oauth.TestRefreshTokenShownByAnotherClient oauth.TestNoClientUsesWhatIsAnothers"},
	{2, "single use, and kinds mixed up", "oauth.TestConcurrentRedemptionsGiveOneSuccess oauth.TestConcurrentRefreshesAreOneFamily oauth.TestPushedRequestIsAnsweredOnceOfFifty oauth.TestAnAssertionIsUsedOnce oauth.TestDeviceCodesGiveTokensOnce oauth.TestADPoPProofIsUsedOnce oauth.TestFlowFinishesOnce provider.TestInvitationIsUsedOnce oauth.TestKindsOfTokenAreNotMixedUp oauth.TestNewKindsOfSecretAreNotMixedUp storage.TestDeviceCodeIsDecidedAboutOnce"},
	{3, "host of a link from the request", "oauth.TestHostHeadersChangeNothing provider.TestForgedHostIsNotInTheAnswersOfTheProtocol provider.TestForgedHostAppearsNowhere"},
	{4, "comparison of redirect addresses", "oauth.TestRedirectURIIsComparedByteForByte oauth.FuzzRedirectURI oauth.FuzzLoopbackPort oauth.TestRequestObjectsAreRefused oauth.TestPushedRequestIsCheckedAsTheOtherWayIn oauth.TestUnregisteredAddressIsNoRedirect"},
	{5, "whoever is barred keeps getting tokens", "oauth.TestNothingIsGivenOutAgainstAnyFact oauth.TestOfflineAccessEndsWithTheFacts oauth.TestDeviceGetsNothingAgainstAnyFact"},
	{8, "a step is skipped", "provider.TestNoStepIsReachedOutOfTurn provider.TestSilentRequestWaitsForEveryStep"},
	{9, "another browser's request", "oauth.TestFlowBelongsToItsBrowser provider.TestAnotherBrowsersRequestGoesNowhere provider.TestOtherSitesCannotSignOut"},
	{12, "markup in pages", "oauth.TestFormPostEscapes provider.TestTextNeverBecomesMarkup"},
	{13, "exhaustion before authentication", "provider.TestMemoryStaysFlatUnderRandomRequests provider.TestTooLargeRequestsAreRefused oauth.TestMalformedClaimsAreRefused oauth.TestKeysOfManyClientsAreForgotten"},
	{14, "requests made for others", "oauth.TestNothingAClientNamesReachesANeighbour oauth.TestJWKSAddressIsGuarded oauth.TestLogoutReachesNoNeighbour outbound.TestNeighboursAreNotAsked outbound.TestNameCannotChangeItsMeaningAfterTheCheck"},
	{15, "a swallowed error", "oauth.TestFailedExchangeLeavesTheCodeUnspent oauth.TestFailedRefreshChangesNothing oauth.TestDeviceWhileStorageFails oauth.TestPushedRequestFailsWithTheDatabase oauth.TestLogoutWhileStorageFails oauth.TestIntrospectionAndClientCredentialsWhenStorageFails oauth.TestAlteredJWTAccessTokensAreRefused oauth.TestAlteredSecretsOpenNothing provider.TestTamperedTokenOpensNothing provider.TestUnreadableTableGivesNoToken"},
	{16, "PKCE downgrade", "oauth.TestPKCECannotBeDowngraded oauth.TestOtherMistakesAreToldToTheClient"},
	{17, "expiry to the second", "provider.TestCodeAndTokenEndOnTime provider.TestRequestEndsOnTime oauth.TestDeviceExpires"},
	{18, "old TLS", "provider.TestOldTLSIsRefused"},
}

// Each known mistake has its test, which exists: whoever renames or deletes one
// says here what takes its place.
func TestKnownMistakesHaveTheirTests(t *testing.T) {
	exists := map[string]bool{}
	for _, dir := range []string{".", "oauth", "outbound", "../storage"} {
		files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files of tests, %v", dir, len(files), err)
		}
		name := map[string]string{".": "provider", "../storage": "storage"}[dir]
		if name == "" {
			name = dir
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, found := range testNames.FindAllSubmatch(text, -1) {
				exists[name+"."+string(found[1])] = true
			}
		}
	}
	items := []int{}
	for _, p := range fositePitfalls {
		items = append(items, p.item)
		for test := range strings.FieldsSeq(p.tests) {
			if !exists[test] {
				t.Errorf("pitfall %d, %s: there is no %s", p.item, p.what, test)
			}
		}
	}
	for i := 1; i <= 43; i++ {
		if n := len(slices.DeleteFunc(slices.Clone(items), func(item int) bool { return item != i })); n != 1 {
			t.Errorf("pitfall %d is listed %d times, want once", i, n)
		}
	}
	for _, c := range protocolClasses {
		for test := range strings.FieldsSeq(c.tests) {
			if !exists[test] {
				t.Errorf("class %d, %s: there is no %s", c.class, c.what, test)
			}
		}
	}
}

var testNames = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
