// gather/bytes: x(B,LD) = normalised images of the B samples of this step; labels(B) = their labels. Images of any size.
// One invocation computes one value of x; a workgroup 64 of one sample, so that neighbours read and write what lies side by side.
// Crops are taken first, then mirrored; pixels outside the image are black (byte 0). What pads a row of x to LD = 4·WORDS is 0,
// as is the normalisation there.
// Two image buffers, since WebGPU guarantees bindings of 128 MiB.
@group(0) @binding(0) var<storage, read> imagesA: array<u32>;       // (SHARD_IMAGES, WORDS): bytes, channel-row-column
@group(0) @binding(1) var<storage, read> imagesB: array<u32>;       // (images - SHARD_IMAGES, WORDS): the others
@group(0) @binding(2) var<storage, read> imageLabels: array<u32>;   // (images / 4): bytes
@group(0) @binding(3) var<storage, read> normalisation: array<f32>; // (2, LD): scale = 1/(255 std), offset = -mean/std
@group(0) @binding(4) var<storage, read> order: array<u32>;         // (R, ORDER): samples, as sample-order.ts encodes them
@group(0) @binding(5) var<storage, read> counters: array<u32>;      // (R, 4): step, ...
@group(0) @binding(6) var<storage, read_write> x: array<f32>;       // (R, B, LD)
@group(0) @binding(7) var<storage, read_write> labels: array<u32>;  // (R, B)

const B = 8u;
const ORDER = 64u;
const STEPS_PER_EPOCH = 8u;
const SHARD_IMAGES = 50000u;
const CHANNELS = 3u;
const HEIGHT = 32u;
const WIDTH = 32u;
const WORDS = 768u;
const ORDER_STRIDE = 64u;
const COUNTERS_STRIDE = 64u;
const X_STRIDE = 64u;
const LABELS_STRIDE = 64u;

const LD = 4u * WORDS;
const PLANE = HEIGHT * WIDTH;

fn imageByte(image: u32, place: u32) -> u32 {
  var word: u32;
  if (image < SHARD_IMAGES) {
    word = imagesA[image * WORDS + place / 4u];
  } else {
    word = imagesB[(image - SHARD_IMAGES) * WORDS + place / 4u];
  }
  return (word >> (8u * (place % 4u))) & 255u;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let p = id.x;
  let i = id.y;
  if (p >= LD || i >= B) {
    return;
  }
  let first = (counters[id.z * COUNTERS_STRIDE] % STEPS_PER_EPOCH) * B;
  let sample = order[id.z * ORDER_STRIDE + min(first + i, ORDER - 1u)];
  let image = sample & 0xfffffu;
  let flip = (sample & 0x100000u) != 0u;
  let dx = extractBits(bitcast<i32>(sample), 21u, 5u);
  let dy = extractBits(bitcast<i32>(sample), 26u, 5u);
  let row = i32(p % PLANE / WIDTH) + dy;
  let column = i32(select(p % WIDTH, WIDTH - 1u - p % WIDTH, flip)) + dx;
  let inside = p < CHANNELS * PLANE && row >= 0 && row < i32(HEIGHT) && column >= 0 && column < i32(WIDTH);
  let place = p / PLANE * PLANE + u32(row) * WIDTH + u32(column);
  let byte = select(0u, imageByte(image, select(0u, place, inside)), inside);
  x[id.z * X_STRIDE + i * LD + p] = f32(byte) * normalisation[p] + normalisation[LD + p];
  if (p == 0u) {
    labels[id.z * LABELS_STRIDE + i] = (imageLabels[image / 4u] >> ((image % 4u) * 8u)) & 255u;
  }
}
