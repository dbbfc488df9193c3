// A partner application on openid-client, as its documentation shows it. The
// tests tell it by LOYERS, a JSON object, which of the library's features to use.
import { createServer } from 'node:http'
import * as client from 'openid-client'
import { createRemoteJWKSet, importJWK, jwtVerify } from 'jose'

const settings = JSON.parse(process.env.LOYERS)
const here = `http://127.0.0.1:${settings.port}`
const redirect_uri = `${here}/callback`

const key = settings.jwk && { key: await importJWK(settings.jwk, settings.jwk.alg), kid: settings.jwk.kid }
const authentication = {
  client_secret_basic: () => client.ClientSecretBasic(settings.client_secret),
  client_secret_post: () => client.ClientSecretPost(settings.client_secret),
  private_key_jwt: () => client.PrivateKeyJwt(key),
  none: () => client.None(),
}[settings.authentication]()

const config = await client.discovery(
  new URL(settings.issuer),
  settings.client_id,
  { id_token_signed_response_alg: settings.id_token_alg, userinfo_signed_response_alg: settings.userinfo_alg },
  authentication,
  { execute: [client.allowInsecureRequests] },
)
const DPoP = settings.dpop ? client.getDPoPHandle(config, await client.randomDPoPKeyPair(settings.dpop_alg ?? 'ES256')) : undefined
const keys = createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri))

const requests = new Map() // what each running sign-in has to be checked with, by state
let last = null // what came of the latest sign-in
let tokens = null
const told = [] // claims of the logout tokens received

async function login() {
  const verifier = client.randomPKCECodeVerifier()
  const request = { verifier, state: client.randomState(), nonce: client.randomNonce() }
  requests.set(request.state, request)
  let parameters = new URLSearchParams({
    redirect_uri,
    scope: settings.scope,
    state: request.state,
    nonce: request.nonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...settings.parameters,
  })
  if (settings.jar) {
    parameters = (await client.buildAuthorizationUrlWithJAR(config, parameters, key)).searchParams
  }
  if (settings.par) {
    return client.buildAuthorizationUrlWithPAR(config, parameters, { DPoP })
  }
  return client.buildAuthorizationUrl(config, parameters)
}

async function callback(url) {
  const request = requests.get(url.searchParams.get('state')) ?? {}
  tokens = await client.authorizationCodeGrant(
    config,
    url,
    { pkceCodeVerifier: request.verifier, expectedState: request.state, expectedNonce: request.nonce },
    undefined,
    { DPoP },
  )
  const result = { token_type: tokens.token_type, scope: tokens.scope, claims: tokens.claims() }
  result.userinfo = await client.fetchUserInfo(config, tokens.access_token, result.claims.sub, { DPoP })
  if (tokens.refresh_token) {
    const next = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP })
    result.refreshed = next.claims()
    tokens = { ...next, id_token: next.id_token ?? tokens.id_token }
  }
  if (settings.authentication !== 'none') {
    result.introspection = await client.tokenIntrospection(config, tokens.access_token)
  }
  return result
}

async function backchannel(body) {
  const { payload, protectedHeader } = await jwtVerify(new URLSearchParams(body).get('logout_token'), keys, {
    issuer: settings.issuer,
    audience: settings.client_id,
    typ: 'logout+jwt',
  })
  told.push({ ...payload, alg: protectedHeader.alg })
}

function body(request) {
  return new Promise((resolve, reject) => {
    let text = ''
    request.on('data', (chunk) => (text += chunk)).on('end', () => resolve(text)).on('error', reject)
  })
}

const page = (response, status, h1) => {
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8' })
  response.end(`<!doctype html><title>${h1}</title><h1>${h1}</h1>`)
}
const json = (response, value) => {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify(value))
}
const to = (response, url) => {
  response.writeHead(302, { location: url.href })
  response.end()
}

const routes = {
  '/login': async (_, response) => to(response, await login()),
  '/callback': async (url, response) => {
    last = await callback(url)
    page(response, 200, 'Loyers')
  },
  '/logout': async (_, response) =>
    to(response, client.buildEndSessionUrl(config, { post_logout_redirect_uri: `${here}/left`, id_token_hint: tokens.id_token, state: 'parti' })),
  '/left': async (url, response) => page(response, 200, `Parti ${url.searchParams.get('state')}`),
  '/told': async (_, response, request) => {
    await backchannel(await body(request))
    response.writeHead(204).end()
  },
  '/revoke': async (_, response) => {
    await client.tokenRevocation(config, tokens.access_token)
    const error = await client.fetchUserInfo(config, tokens.access_token, client.skipSubjectCheck, { DPoP }).then(() => '', (e) => e.code ?? String(e))
    json(response, { error })
  },
  '/result': async (_, response) => json(response, { last, told }),
}

createServer(async (request, response) => {
  const url = new URL(request.url, here)
  try {
    await (routes[url.pathname] ?? ((_, r) => page(r, 404, 'Inconnu')))(url, response, request)
  } catch (error) {
    last = { error: error.error ?? error.code ?? error.name, description: error.error_description ?? error.message, cause: String(error.cause?.message ?? error.cause ?? '') }
    page(response, 500, 'Erreur')
  }
}).listen(settings.port, '127.0.0.1', () => console.log('ready'))
