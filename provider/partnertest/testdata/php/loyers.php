<?php
// A partner application in plain PHP 8, without any library: the guide for
// partners shows it. Signing in needs nothing but https to the provider, because
// the ID token comes from there directly (OpenID Connect Core 3.1.3.7, item 6).
declare(strict_types=1);

$issuer = getenv('LOGE_ISSUER');
$client = getenv('LOGE_CLIENT');
$secret = getenv('LOGE_SECRET');
$here = getenv('LOYERS_ADDRESS'); // registered: $here/retour

session_start(['cookie_httponly' => true, 'cookie_samesite' => 'Lax', 'cookie_secure' => str_starts_with($here, 'https:')]);
$loge = ask("$issuer/.well-known/openid-configuration");

function ask(string $address, array $headers = [], ?array $form = null): array
{
    $answer = file_get_contents($address, false, stream_context_create(['http' => [
        'method' => $form === null ? 'GET' : 'POST',
        'header' => [...$headers, 'Content-Type: application/x-www-form-urlencoded'],
        'content' => http_build_query($form ?? []),
        'ignore_errors' => true,
        'follow_location' => 0,
    ]]));
    $read = json_decode((string) $answer, true);
    if (!is_array($read) || isset($read['error'])) {
        throw new RuntimeException($read['error'] ?? 'no answer');
    }
    return $read;
}

function random(): string
{
    return rtrim(strtr(base64_encode(random_bytes(32)), '+/', '-_'), '=');
}

function to(string $address, array $parameters): never
{
    header("Location: $address?" . http_build_query($parameters), true, 303);
    exit;
}

function same(?string $a, ?string $b, string $what): void
{
    if ($a === null || $b === null || !hash_equals($a, $b)) {
        throw new RuntimeException("another $what");
    }
}

function login(array $loge, string $client, string $here): never
{
    $asked = $_SESSION['asked'] = ['state' => random(), 'nonce' => random(), 'verifier' => random()];
    to($loge['authorization_endpoint'], [
        'response_type' => 'code', 'client_id' => $client, 'redirect_uri' => "$here/retour", 'scope' => 'openid profile email bailleur',
        'state' => $asked['state'], 'nonce' => $asked['nonce'], 'code_challenge_method' => 'S256',
        'code_challenge' => rtrim(strtr(base64_encode(hash('sha256', $asked['verifier'], true)), '+/', '-_'), '='),
    ]);
}

function retour(array $loge, string $issuer, string $client, string $secret, string $here): never
{
    $asked = $_SESSION['asked'] ?? [];
    unset($_SESSION['asked']);
    same($_GET['state'] ?? null, $asked['state'] ?? null, 'state');
    same($_GET['iss'] ?? null, $issuer, 'issuer');
    if (isset($_GET['error'])) {
        throw new RuntimeException($_GET['error']);
    }
    $tokens = ask($loge['token_endpoint'], ['Authorization: Basic ' . base64_encode(urlencode($client) . ':' . urlencode($secret))], [
        'grant_type' => 'authorization_code', 'code' => $_GET['code'] ?? '', 'redirect_uri' => "$here/retour", 'code_verifier' => $asked['verifier'],
    ]);
    $claims = json_decode((string) base64_decode(strtr(explode('.', $tokens['id_token'])[1], '-_', '+/')), true);
    same($claims['iss'] ?? null, $issuer, 'iss');
    same($claims['aud'] ?? null, $client, 'aud');
    same($claims['nonce'] ?? null, $asked['nonce'], 'nonce');
    if (($claims['exp'] ?? 0) < time()) {
        throw new RuntimeException('expired');
    }
    $person = ask($loge['userinfo_endpoint'], ["Authorization: Bearer {$tokens['access_token']}"]);
    same($person['sub'], $claims['sub'], 'sub');
    session_regenerate_id(true);
    $_SESSION['person'] = $person; // its sub is the key under which you store the person
    $_SESSION['id_token'] = $tokens['id_token'];
    header("Location: $here/", true, 303);
    exit;
}

function logout(array $loge, string $here): never
{
    $hint = $_SESSION['id_token'] ?? '';
    session_destroy();
    to($loge['end_session_endpoint'], ['id_token_hint' => $hint, 'post_logout_redirect_uri' => "$here/parti", 'state' => 'parti']);
}

try {
    match (strtok($_SERVER['REQUEST_URI'], '?')) {
        '/retour' => retour($loge, $issuer, $client, $secret, $here),
        '/logout' => logout($loge, $here),
        '/parti' => print('<h1>Parti ' . htmlspecialchars($_GET['state'] ?? '') . '</h1>'),
        default => isset($_SESSION['person']) ? print('<h1>Loyers de ' . htmlspecialchars($_SESSION['person']['given_name'] ?? '') . '</h1>') : login($loge, $client, $here),
    };
} catch (RuntimeException $e) {
    http_response_code(500);
    print('<h1>Erreur ' . htmlspecialchars($e->getMessage()) . '</h1>');
}
