// gather/words: x(B,4·WORDS) = normalised images of 32×32 pixels of the B samples of this step; labels(B) = their labels.
// One invocation takes one word (4 pixels of a row of a channel) of SAMPLES samples, so that the two normalisation
// vectors are read once for all of them. Pixels of a sample that is flipped come from the mirrored word, bytes reversed;
// with crops (CROP) they lie in two neighbouring words, and pixels outside the image are black (byte 0).
// Two image buffers, since WebGPU guarantees bindings of 128 MiB and the training images have 146 MiB.
@group(0) @binding(0) var<storage, read> imagesA: array<u32>;        // (SHARD_IMAGES, WORDS): bytes, channel-row-column
@group(0) @binding(1) var<storage, read> imagesB: array<u32>;        // (images - SHARD_IMAGES, WORDS): the others
@group(0) @binding(2) var<storage, read> imageLabels: array<u32>;    // (images / 4): bytes
@group(0) @binding(3) var<storage, read> normalisation: array<vec4f>; // (2, WORDS): scale = 1/(255 std), offset = -mean/std
@group(0) @binding(4) var<storage, read> order: array<u32>;          // (R, ORDER): samples, as sample-order.ts encodes them
@group(0) @binding(5) var<storage, read> counters: array<u32>;       // (R, 4): step, ...
@group(0) @binding(6) var<storage, read_write> x: array<vec4f>;      // (R, B, WORDS)
@group(0) @binding(7) var<storage, read_write> labels: array<u32>;   // (R, B)

const B = 8u;
const ORDER = 64u;
const STEPS_PER_EPOCH = 8u;
const SHARD_IMAGES = 50000u;
const SAMPLES = 4u;
const ORDER_STRIDE = 64u;
const COUNTERS_STRIDE = 64u;
const X_STRIDE = 64u;
const LABELS_STRIDE = 64u;

const WORDS = 768u;

fn imageWord(image: u32, word: u32) -> u32 {
  if (image < SHARD_IMAGES) {
    return imagesA[image * WORDS + word];
  }
  return imagesB[(image - SHARD_IMAGES) * WORDS + word];
}

//#if CROP
/// Four pixels of one row of a channel from `column` on, as bytes. They lie in two words; what is outside is black.
fn pixels(image: u32, channel: u32, row: i32, column: i32) -> u32 {
  let word = column >> 2u; // rounds down, so that -1 is the word left of the image
  let place = channel * 256u + u32(clamp(row, 0, 31)) * 8u;
  let inRow = row >= 0 && row < 32;
  let low = select(0u, imageWord(image, place + u32(clamp(word, 0, 7))), inRow && word >= 0 && word < 8);
  let high = select(0u, imageWord(image, place + u32(clamp(word + 1, 0, 7))), inRow && word >= -1 && word < 7);
  // A shift by 32 is one by 0 in WGSL: shift by 8·s left in two parts.
  let shift = u32(column & 3) * 8u;
  return (low >> shift) | ((high << 8u) << (24u - shift));
}
//#endif

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let word = id.x;
  if (word >= WORDS) {
    return;
  }
  let scale = normalisation[word];
  let offset = normalisation[WORDS + word];
  let first = (counters[id.z * COUNTERS_STRIDE] % STEPS_PER_EPOCH) * B;
  let end = min((id.y + 1u) * SAMPLES, B);
  for (var i = id.y * SAMPLES; i < end; i++) {
    let sample = order[id.z * ORDER_STRIDE + min(first + i, ORDER - 1u)];
    let image = sample & 0xfffffu;
    let flip = (sample & 0x100000u) != 0u;
    let source = select(word, word ^ 7u, flip);
    var packed: u32;
    //#if CROP
    let dx = extractBits(bitcast<i32>(sample), 21u, 5u);
    let dy = extractBits(bitcast<i32>(sample), 26u, 5u);
    packed = pixels(image, word / 256u, i32(source / 8u % 32u) + dy, i32(source % 8u) * 4 + dx);
    //#else
    packed = imageWord(image, source);
    //#endif
    let forward = vec4f((vec4u(packed) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(255u));
    let bytes = select(forward, forward.wzyx, flip);
    x[id.z * (X_STRIDE / 4u) + i * WORDS + word] = bytes * scale + offset;
    if (word == 0u) {
      labels[id.z * LABELS_STRIDE + i] = (imageLabels[image / 4u] >> ((image % 4u) * 8u)) & 255u;
    }
  }
}
