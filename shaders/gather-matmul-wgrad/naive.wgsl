// gather-matmul-wgrad/naive: dw(K,N) = x(M,K)ᵀ · dy(M,N), where row m of x is the normalised image of the step's
// sample m, read from the images' bytes (see gather-matmul-forward).
// One invocation computes one element of dw; any M, N; rows of whole words. Samples carry flips, no crops.
@group(0) @binding(0) var<storage, read> imagesA: array<u32>;       // (SHARD_IMAGES, WORDS): bytes, channel-row-column
@group(0) @binding(1) var<storage, read> imagesB: array<u32>;       // (images - SHARD_IMAGES, WORDS): the others
@group(0) @binding(2) var<storage, read> normalisation: array<f32>; // (2, K): scale = 1/(255 std), offset = -mean/std
@group(0) @binding(3) var<storage, read> order: array<u32>;         // (R, ORDER): samples, as sample-order.ts encodes them
@group(0) @binding(4) var<storage, read> counters: array<u32>;      // (R, 4): step, ...
@group(0) @binding(5) var<storage, read> dy: array<f32>;            // (R, M, N)
@group(0) @binding(6) var<storage, read_write> dw: array<f32>;      // (R, K, N)

const M = 8u;
const N = 8u;
const ORDER = 64u;
const STEPS_PER_EPOCH = 8u;
const SHARD_IMAGES = 50000u;
const ORDER_STRIDE = 64u;
const COUNTERS_STRIDE = 64u;
const DY_STRIDE = 64u;
const DW_STRIDE = 64u;

const WORDS = 768u;
const ROW_WORDS = 8u;

const K = 4u * WORDS;

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x;
  let k = id.y;
  if (column >= N || k >= K) {
    return;
  }
  let first = (counters[id.z * COUNTERS_STRIDE] % STEPS_PER_EPOCH) * M;
  let scale = normalisation[k];
  let offset = normalisation[K + k];
  var sum = 0.0;
  for (var m = 0u; m < M; m++) {
    let sample = order[id.z * ORDER_STRIDE + min(first + m, ORDER - 1u)];
    let image = sample & 0xfffffu;
    let flip = (sample & 0x100000u) != 0u;
    let pixel = select(k, k + 4u * ROW_WORDS - 1u - 2u * (k % (4u * ROW_WORDS)), flip);
    var packed = 0u;
    if (image < SHARD_IMAGES) {
      packed = imagesA[image * WORDS + pixel / 4u];
    } else {
      packed = imagesB[(image - SHARD_IMAGES) * WORDS + pixel / 4u];
    }
    let byte = f32((packed >> (8u * (pixel % 4u))) & 255u);
    sum += (byte * scale + offset) * dy[id.z * DY_STRIDE + m * N + column];
  }
  dw[id.z * DW_STRIDE + k * N + column] = sum;
}
