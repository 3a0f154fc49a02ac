// A client in Node: it reads the .proto files when it starts, as tests/languages/run.sh says.
'use strict';

const assert = require('node:assert/strict');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [address, folder] = process.argv.slice(2);
const files = ['normalization', 'coding', 'segmentation', 'server'].map((name) => `trine/v1/${name}.proto`);
const definition = loader.loadSync(files, {
  includeDirs: [folder], keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true,
});
const { v1 } = grpc.loadPackageDefinition(definition).trine;

// One call as a promise.
function call(service, method, request) {
  const client = new v1[service](address, grpc.credentials.createInsecure());
  return new Promise((resolve, reject) => {
    client[method](request, { deadline: Date.now() + 60000 }, (error, answer) => {
      client.close();
      if (error) reject(error);
      else resolve(answer);
    });
  });
}

async function info() {
  const answer = await call('ServerService', 'GetServerInfo', {});
  assert.notEqual(answer.version, '');
  assert.ok(answer.threads >= 1);
  assert.ok(answer.limits.some((limit) => limit.name === 'max_message_bytes' && limit.value > 0));
}

// Across five channels: every window of ALEXNET's five taps is cut off at the ends.
async function normalize() {
  const x = [1, -2, 3, -4, 50];
  const data = Buffer.alloc(4 * x.length);
  x.forEach((value, i) => data.writeFloatLE(value, 4 * i));
  const answer = await call('NormalizationService', 'Normalize',
    { tensor: { dtype: 'DATA_TYPE_FLOAT32', shape: [1, x.length], data } });
  const { preset, lo, hi, a, beta, k } = answer.resolved;
  assert.deepEqual([preset, lo, hi, k], ['LRN_PRESET_ALEXNET', 2, 2, 2]);
  assert.equal(answer.tensor.data.length, data.length);
  x.forEach((value, c) => {
    const sum = x.slice(Math.max(0, c - 2), c + 3).reduce((total, v) => total + v * v, 0);
    const want = value * (k + a * sum) ** -beta;
    const got = answer.tensor.data.readFloatLE(4 * c);
    assert.ok(Math.abs(got - want) <= 1e-6 * Math.abs(want), `channel ${c} is ${got}, not ${want}`);
  });

  await assert.rejects(call('NormalizationService', 'Normalize', {}),
    (error) => error.code === grpc.status.INVALID_ARGUMENT);
}

async function code() {
  const raw = Buffer.from('a message of some words, and of some words again; '.repeat(2000));
  const { coded, statistics } = await call('CodingService', 'Encode', { data: raw });
  assert.equal(statistics.raw_bytes, raw.length);
  assert.ok(coded.length < raw.length / 2, `${coded.length} coded bytes`);
  const decoded = await call('CodingService', 'Decode', { coded });
  assert.ok(raw.equals(decoded.data));
  assert.equal(decoded.content.kind, 'bytes');
}

// Two bright squares of 4 and 9 pixels.
async function segment() {
  const height = 8;
  const width = 9;
  const within = (v, begin, end) => v >= begin && v < end;
  const pixels = Buffer.from(Array.from({ length: height * width }, (_, i) => {
    const y = Math.floor(i / width);
    const x = i % width;
    return (within(y, 1, 3) && within(x, 1, 3)) || (within(y, 4, 7) && within(x, 5, 8)) ? 200 : 0;
  }));
  const answer = await call('SegmentationService', 'Segment', {
    image: { tensor: { dtype: 'DATA_TYPE_UINT8', shape: [height, width], data: pixels } },
    steps: [{ otsu: {} }, { components: {} }, { measure: {} }],
    outputs: { mask: true },
  });
  assert.equal(answer.label_count, 2);
  const [first, second] = answer.regions;
  assert.deepEqual([first.area, first.min_y, first.centroid_x], [4, 1, 1.5]);
  assert.deepEqual([second.area, second.max_x, second.mean_intensity], [9, 8, 200]);
  assert.deepEqual([...answer.mask.tensor.data], [...pixels].map((v) => (v === 200 ? 255 : 0)));
}

async function main() {
  await info();
  await normalize();
  await code();
  await segment();
}

main().catch((error) => {
  console.error('node client:', error);
  process.exitCode = 1;
});
