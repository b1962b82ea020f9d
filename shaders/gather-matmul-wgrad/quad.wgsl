// gather-matmul-wgrad/quad: dw(K,N) = x(M,K)ᵀ · dy(M,N), where row m of x is the normalised image of the step's
// sample m, read from the images' bytes (see gather-matmul-forward).
// The tile of matmul-wgrad/quad: the invocations of a quad share COLS vec4 columns of dy, each owns VECS words of the
// images, which are 4·VECS rows of dw. One load brings four pixels instead of one, and the normalisation of a
// word is read once for the whole batch. N a multiple of 4, any M. Rows of 32 pixels: a word is mirrored by an exclusive or with 7.
// Samples carry flips, no crops.
@group(0) @binding(0) var<storage, read> imagesA: array<u32>;         // (SHARD_IMAGES, WORDS): bytes, channel-row-column
@group(0) @binding(1) var<storage, read> imagesB: array<u32>;         // (images - SHARD_IMAGES, WORDS): the others
@group(0) @binding(2) var<storage, read> normalisation: array<vec4f>; // (2, WORDS): scale = 1/(255 std), offset = -mean/std
@group(0) @binding(3) var<storage, read> order: array<u32>;           // (R, ORDER): samples, as sample-order.ts encodes them
@group(0) @binding(4) var<storage, read> counters: array<u32>;        // (R, 4): step, ...
@group(0) @binding(5) var<storage, read> dy: array<vec4f>;            // (R, M, N/4)
@group(0) @binding(6) var<storage, read_write> dw: array<vec4f>;      // (R, K, N/4)

const M = 8u;
const N = 8u;
const VECS = 1u;
const ROWS = 4u; // 4 · VECS
const COLS = 2u;
const ORDER = 64u;
const STEPS_PER_EPOCH = 8u;
const SHARD_IMAGES = 50000u;
const ORDER_STRIDE = 64u;
const COUNTERS_STRIDE = 64u;
const DY_STRIDE = 64u;
const DW_STRIDE = 64u;

const N4 = N / 4u;
const WORDS = 768u;

fn imageWord(image: u32, word: u32) -> u32 {
  //#if SHARDED
  if (image >= SHARD_IMAGES) {
    return imagesB[(image - SHARD_IMAGES) * WORDS + word];
  }
  //#endif
  return imagesA[image * WORDS + word];
}

/// A word of a sample's image, mirrored where the sample is, as four pixels 0..1.
fn pixels(sample: u32, word: u32) -> vec4f {
  let flip = (sample & 0x100000u) != 0u;
  let unmirrored = unpack4x8unorm(imageWord(sample & 0xfffffu, word ^ select(0u, 7u, flip)));
  return select(unmirrored, unmirrored.wzyx, flip);
}

@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) invocation: u32) {
  let lane = invocation & 3u;
  let column = group.x * COLS;
  let word = (group.y * 4u + lane) * VECS;
  let dyBase = group.z * (DY_STRIDE / 4u);
  let first = (counters[group.z * COUNTERS_STRIDE] % STEPS_PER_EPOCH) * M;

  var scale: array<vec4f, VECS>;
  var offset: array<vec4f, VECS>;
  //#unroll
  for (var v = 0u; v < VECS; v++) {
    scale[v] = 255.0 * normalisation[min(word + v, WORDS - 1u)];
    offset[v] = normalisation[WORDS + min(word + v, WORDS - 1u)];
  }

  var acc: array<vec4f, ROWS * COLS>;
  for (var m = 0u; m < M; m += 4u) {
    let sample = order[group.z * ORDER_STRIDE + min(first + min(m + lane, M - 1u), ORDER - 1u)];
    let sampleX = quadSwapX(sample);
    let sampleY = quadSwapY(sample);
    let sampleD = quadSwapDiagonal(sample);
    // Column j of the transposed tile: x of this row of dw at the four m that the quad swaps bring.
    var a: array<vec4f, ROWS>;
    //#unroll
    for (var v = 0u; v < VECS; v++) {
      let i = min(word + v, WORDS - 1u);
      let tile = transpose(mat4x4f(
        pixels(sample, i) * scale[v] + offset[v],
        pixels(sampleX, i) * scale[v] + offset[v],
        pixels(sampleY, i) * scale[v] + offset[v],
        pixels(sampleD, i) * scale[v] + offset[v],
      ));
      a[v * 4u + 0u] = tile[0];
      a[v * 4u + 1u] = tile[1];
      a[v * 4u + 2u] = tile[2];
      a[v * 4u + 3u] = tile[3];
    }
    //#unroll
    for (var c = 0u; c < COLS; c++) {
      let loaded = dy[dyBase + min(m + lane, M - 1u) * N4 + min(column + c, N4 - 1u)];
      let d0 = select(vec4f(), loaded, m + lane < M);
      let dyTile = mat4x4f(d0, quadSwapX(d0), quadSwapY(d0), quadSwapDiagonal(d0));
      //#unroll
      for (var r = 0u; r < ROWS; r++) {
        acc[r * COLS + c] += dyTile * a[r];
      }
    }
  }

  let dwBase = group.z * (DW_STRIDE / 4u);
  //#unroll
  for (var v = 0u; v < VECS; v++) {
    if (word + v < WORDS) {
      //#unroll
      for (var c = 0u; c < COLS; c++) {
        if (column + c < N4) {
          let i = dwBase + (word + v) * 4u * N4 + column + c;
          dw[i] = acc[(v * 4u + 0u) * COLS + c];
          dw[i + N4] = acc[(v * 4u + 1u) * COLS + c];
          dw[i + 2u * N4] = acc[(v * 4u + 2u) * COLS + c];
          dw[i + 3u * N4] = acc[(v * 4u + 3u) * COLS + c];
        }
      }
    }
  }
}
