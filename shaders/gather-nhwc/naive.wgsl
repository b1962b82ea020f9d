// gather-nhwc/naive: x(B,H,W,C4·4) = normalised images of the B samples of this step, channels last and padded with 0; labels(B) = their labels.
// Crops are taken first, then mirrored; pixels outside the image are black (byte 0), or with REFLECT those that a mirror on the outermost
// pixel shows. One invocation writes four channels of one pixel. Two image buffers, since WebGPU guarantees bindings of 128 MiB.
@group(0) @binding(0) var<storage, read> imagesA: array<u32>;       // (SHARD_IMAGES, WORDS): bytes, channel-row-column
@group(0) @binding(1) var<storage, read> imagesB: array<u32>;       // (images - SHARD_IMAGES, WORDS): the others
@group(0) @binding(2) var<storage, read> imageLabels: array<u32>;   // (images / 4): bytes
@group(0) @binding(3) var<storage, read> normalisation: array<f32>; // (2, 4 WORDS): scale = 1/(255 std), offset = -mean/std, channel-row-column
@group(0) @binding(4) var<storage, read> order: array<u32>;         // (R, ORDER): samples, as sample-order.ts encodes them
@group(0) @binding(5) var<storage, read> counters: array<u32>;      // (R, 4): step, ...
@group(0) @binding(6) var<storage, read_write> x: array<vec4f>;     // (R, B, H, W, C4)
@group(0) @binding(7) var<storage, read_write> labels: array<u32>;  // (R, B)

const B = 8u;
const ORDER = 64u;
const STEPS_PER_EPOCH = 8u;
const SHARD_IMAGES = 50000u;
const CHANNELS = 3u;
const HEIGHT = 32u;
const WIDTH = 32u;
const WORDS = 768u; // of an image in memory
const REFLECT = 0u;
const ORDER_STRIDE = 64u;
const COUNTERS_STRIDE = 64u;
const X_STRIDE = 64u;
const LABELS_STRIDE = 64u;

const C4 = (CHANNELS + 3u) / 4u;
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

/// `at`, or what lies there in a mirror behind the first or last of `count` pixels.
fn reflected(at: i32, count: i32) -> i32 {
  let folded = abs(at);
  return select(folded, 2 * (count - 1) - folded, folded >= count);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x / (PLANE * C4);
  if (i >= B) {
    return;
  }
  let pixel = id.x / C4 % PLANE;
  let first = (counters[id.z * COUNTERS_STRIDE] % STEPS_PER_EPOCH) * B;
  let sample = order[id.z * ORDER_STRIDE + min(first + i, ORDER - 1u)];
  let image = sample & 0xfffffu;
  let flip = (sample & 0x100000u) != 0u;
  var row = i32(pixel / WIDTH) + extractBits(bitcast<i32>(sample), 26u, 5u);
  var column = i32(select(pixel % WIDTH, WIDTH - 1u - pixel % WIDTH, flip)) + extractBits(bitcast<i32>(sample), 21u, 5u);
  if (REFLECT == 1u) {
    row = reflected(row, i32(HEIGHT));
    column = reflected(column, i32(WIDTH));
  }
  let inside = row >= 0 && row < i32(HEIGHT) && column >= 0 && column < i32(WIDTH);
  let place = select(0u, u32(row) * WIDTH + u32(column), inside);
  var value = vec4f();
  for (var c = 0u; c < 4u; c++) {
    let channel = id.x % C4 * 4u + c;
    if (channel < CHANNELS) {
      let byte = select(0u, imageByte(image, channel * PLANE + place), inside);
      let p = channel * PLANE + pixel;
      value[c] = f32(byte) * normalisation[p] + normalisation[4u * WORDS + p];
    }
  }
  x[id.z * (X_STRIDE / 4u) + id.x] = value;
  if (id.x % (PLANE * C4) == 0u) {
    labels[id.z * LABELS_STRIDE + i] = (imageLabels[image / 4u] >> ((image % 4u) * 8u)) & 255u;
  }
}
