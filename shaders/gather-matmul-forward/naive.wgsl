// gather-matmul-forward/naive: y(M,N) = x(M,K) · w(K,N) + bias(N), where row m of x is the normalised image of the
// step's sample m, read from the images' bytes: the gather and the first layer's forward in one, without x in memory.
// One invocation computes one element of y; any M, N; rows of whole words. Samples carry flips, no crops.
@group(0) @binding(0) var<storage, read> imagesA: array<u32>;       // (SHARD_IMAGES, WORDS): bytes, channel-row-column
@group(0) @binding(1) var<storage, read> imagesB: array<u32>;       // (images - SHARD_IMAGES, WORDS): the others
@group(0) @binding(2) var<storage, read> normalisation: array<f32>; // (2, K): scale = 1/(255 std), offset = -mean/std
@group(0) @binding(3) var<storage, read> order: array<u32>;         // (R, ORDER): samples, as sample-order.ts encodes them
@group(0) @binding(4) var<storage, read> counters: array<u32>;      // (R, 4): step, ...
@group(0) @binding(5) var<storage, read> w: array<f32>;             // (R, K, N)
@group(0) @binding(6) var<storage, read> bias: array<f32>;          // (R, N)
@group(0) @binding(7) var<storage, read_write> y: array<f32>;       // (R, M, N)

const M = 8u;
const N = 8u;
const ORDER = 64u;
const STEPS_PER_EPOCH = 8u;
const SHARD_IMAGES = 50000u;
const ORDER_STRIDE = 64u;
const COUNTERS_STRIDE = 64u;
const W_STRIDE = 64u;
const BIAS_STRIDE = 64u;
const Y_STRIDE = 64u;

const WORDS = 768u;
const ROW_WORDS = 8u;

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x;
  let row = id.y;
  if (column >= N || row >= M) {
    return;
  }
  let first = (counters[id.z * COUNTERS_STRIDE] % STEPS_PER_EPOCH) * M;
  let sample = order[id.z * ORDER_STRIDE + min(first + row, ORDER - 1u)];
  let image = sample & 0xfffffu;
  let flip = (sample & 0x100000u) != 0u;
  var sum = 0.0;
  for (var word = 0u; word < WORDS; word++) {
    let source = select(word, word + ROW_WORDS - 1u - 2u * (word % ROW_WORDS), flip);
    var packed = 0u;
    if (image < SHARD_IMAGES) {
      packed = imagesA[image * WORDS + source];
    } else {
      packed = imagesB[(image - SHARD_IMAGES) * WORDS + source];
    }
    for (var i = 0u; i < 4u; i++) {
      let k = word * 4u + i;
      let byte = f32((packed >> (8u * select(i, 3u - i, flip))) & 255u);
      let x = byte * normalisation[k] + normalisation[4u * WORDS + k];
      sum += x * w[id.z * W_STRIDE + k * N + column];
    }
  }
  y[id.z * Y_STRIDE + row * N + column] = sum + bias[id.z * BIAS_STRIDE + column];
}
