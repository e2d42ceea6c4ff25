// A provider on loopback: node provider.mjs '{"port": …, "client": {…}, "people": {login: claims}, "jwks": {…}}'
import { Provider } from 'oidc-provider';

const asked = JSON.parse(process.argv[2]);
const issuer = `http://127.0.0.1:${asked.port}`;
const provider = new Provider(issuer, {
  clients: [asked.client],
  jwks: asked.jwks,
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
  cookies: { keys: ['for tests'] },
  clientAuthMethods: asked.ways,
  features: { devInteractions: { enabled: true } },
  findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub, ...asked.people[sub] }) }),
});
provider.listen(asked.port, '127.0.0.1', () => console.log('ready'));
