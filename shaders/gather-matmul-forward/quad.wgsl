// gather-matmul-forward/quad: y(M,N) = x(M,K) · w(K,N) + bias(N), where row m of x is the normalised image of the
// step's sample m, read from the images' bytes: the gather and the first layer's forward in one, without x in memory.
// The tile of matmul-forward/quad: the invocations of a quad share COLS vec4 columns of w, each owns ROWS rows of y. One
// load brings four pixels instead of one. A round of the loop takes ROUND words of each image: what a loop carries, all accumulators, is
// copied in every round (SwiftShader). N a multiple of 4, any M. Rows of 32 pixels: a word is mirrored by an exclusive or with 7.
// Samples carry flips, no crops.
@group(0) @binding(0) var<storage, read> imagesA: array<u32>;       // (SHARD_IMAGES, WORDS): bytes, channel-row-column
@group(0) @binding(1) var<storage, read> imagesB: array<u32>;       // (images - SHARD_IMAGES, WORDS): the others
@group(0) @binding(2) var<storage, read> normalisation: array<f32>; // (2, K): scale = 1/(255 std), offset = -mean/std
@group(0) @binding(3) var<storage, read> order: array<u32>;         // (R, ORDER): samples, as sample-order.ts encodes them
@group(0) @binding(4) var<storage, read> counters: array<u32>;      // (R, 4): step, ...
@group(0) @binding(5) var<storage, read> w: array<vec4f>;           // (R, K, N/4)
@group(0) @binding(6) var<storage, read> bias: array<vec4f>;        // (R, N/4)
@group(0) @binding(7) var<storage, read_write> y: array<vec4f>;     // (R, M, N/4)

const M = 8u;
const N = 8u;
const ROWS = 2u;
const COLS = 2u;
const ROUND = 1u;
const ORDER = 64u;
const STEPS_PER_EPOCH = 8u;
const SHARD_IMAGES = 50000u;
const ORDER_STRIDE = 64u;
const COUNTERS_STRIDE = 64u;
const W_STRIDE = 64u;
const BIAS_STRIDE = 64u;
const Y_STRIDE = 64u;

const N4 = N / 4u;
const K = 3072u;
const WORDS = 768u;

fn imageWord(image: u32, word: u32) -> u32 {
  //#if SHARDED
  if (image >= SHARD_IMAGES) {
    return imagesB[(image - SHARD_IMAGES) * WORDS + word];
  }
  //#endif
  return imagesA[image * WORDS + word];
}

@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) invocation: u32) {
  let lane = invocation & 3u;
  let laneX = quadSwapX(lane);
  let laneY = quadSwapY(lane);
  let laneD = quadSwapDiagonal(lane);
  let column = group.x * COLS;
  let row = (group.y * 4u + lane) * ROWS;
  let wBase = group.z * (W_STRIDE / 4u);

  // Per row: its image; what mirrors a word index (7) and a byte's shift (24) where the sample is flipped, else 0.
  var image: array<u32, ROWS>;
  var mirrorWord: array<u32, ROWS>;
  var mirrorShift: array<vec4u, ROWS>;
  let first = (counters[group.z * COUNTERS_STRIDE] % STEPS_PER_EPOCH) * M;
  //#unroll
  for (var r = 0u; r < ROWS; r++) {
    let sample = order[group.z * ORDER_STRIDE + min(first + min(row + r, M - 1u), ORDER - 1u)];
    let flip = (sample & 0x100000u) != 0u;
    image[r] = sample & 0xfffffu;
    mirrorWord[r] = select(0u, 7u, flip);
    mirrorShift[r] = (vec4u(lane, laneX, laneY, laneD) * 8u) ^ vec4u(select(0u, 24u, flip));
  }

  var acc: array<vec4f, ROWS * COLS>;
  for (var k0 = 0u; k0 < K; k0 += 4u * ROUND) {
    //#unroll
    for (var t = 0u; t < ROUND; t++) {
      let k = k0 + 4u * t;
      let scale = normalisation[k + lane];
      let offset = normalisation[K + k + lane];
      let scales = vec4f(scale, quadSwapX(scale), quadSwapY(scale), quadSwapDiagonal(scale));
      let offsets = vec4f(offset, quadSwapX(offset), quadSwapY(offset), quadSwapDiagonal(offset));
      var a: array<vec4f, ROWS>;
      //#unroll
      for (var r = 0u; r < ROWS; r++) {
        let packed = imageWord(image[r], (k / 4u) ^ mirrorWord[r]);
        a[r] = vec4f((vec4u(packed) >> mirrorShift[r]) & vec4u(255u)) * scales + offsets;
      }
      //#unroll
      for (var c = 0u; c < COLS; c++) {
        let w0 = w[wBase + (k + lane) * N4 + min(column + c, N4 - 1u)];
        let wTile = mat4x4f(w0, quadSwapX(w0), quadSwapY(w0), quadSwapDiagonal(w0));
        //#unroll
        for (var r = 0u; r < ROWS; r++) {
          acc[r * COLS + c] += wTile * a[r];
        }
      }
    }
  }

  let yBase = group.z * (Y_STRIDE / 4u);
  //#unroll
  for (var c = 0u; c < COLS; c++) {
    if (column + c < N4) {
      let start = bias[group.z * (BIAS_STRIDE / 4u) + column + c];
      //#unroll
      for (var r = 0u; r < ROWS; r++) {
        if (row + r < M) {
          y[yBase + (row + r) * N4 + column + c] = acc[r * COLS + c] + start;
        }
      }
    }
  }
}
