// matmul-forward/block: y(M,N) = x(M,K) · w(K,N) + bias(N), row-major f32; K and N multiples of 4, any M.
// A workgroup computes BM×BN of y, BK terms a round, and holds both operands' parts in workgroup memory as they lie in the buffers, in vec4;
// an invocation computes TM×TN in registers: per four terms it reads TM vec4 of x and TN of w for 4·TM·TN multiply-adds. For GPUs.
// Its rows lie BM/TM apart and rows of the x tile are padded by PAD vec4, so that the rows read at a time lie in different banks.
// Every index into workgroup memory is made of constants, the invocation's number and counters of loops with constant ends: Tint proves
// that it is inside and leaves out its clamp.
// Without BIAS (matmul-forward-split) each layer of ROW_TILES workgroups stores the sum of its own SPLIT_K of the K terms.
@group(0) @binding(0) var<storage, read> x: array<vec4f>;       // (R, M, K/4)
@group(0) @binding(1) var<storage, read> w: array<vec4f>;       // (R, K, N/4)
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>; // (R, M, N/4), or (R, SPLITS, M, N/4) without BIAS
//#if BIAS
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;    // (R, N/4)
//#endif

const M = 8u;
const N = 8u;
const K = 8u;
const BM = 32u;
const BN = 32u;
const BK = 16u;
const TM = 4u;
const TN4 = 1u; // TN / 4
const PAD = 1u;
const ROW_TILES = 1u;
const SPLIT_K = 8u;
const X_STRIDE = 64u;
const W_STRIDE = 64u;
const BIAS_STRIDE = 8u;
const Y_STRIDE = 64u;

const INVOCATIONS = 64u; // (BM / TM) (BN / TN)
const X_LOADS = 2u;      // vec4 of the x tile per invocation
const W_LOADS = 2u;
const N4 = N / 4u;
const K4 = K / 4u;
const BN4 = BN / 4u;
const BK4 = BK / 4u;
const PITCH = BK4 + PAD;
const ROW_STEP = BM / TM;
const COLUMN_STEP = BN4 / TN4;
const ROUNDS = (SPLIT_K + BK - 1u) / BK;
const FULL = K % SPLIT_K == 0u && SPLIT_K % BK == 0u; // no round reaches beyond its terms

var<workgroup> xTile: array<vec4f, BM * PITCH>; // (BM, PITCH): four terms each
var<workgroup> wTile: array<vec4f, BK * BN4>;   // (BK, BN4): four columns each

@compute @workgroup_size(INVOCATIONS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let column = group.x * BN4;
  let row = (group.y % ROW_TILES) * BM;
  let split = group.y / ROW_TILES;
  let end = min((split + 1u) * SPLIT_K, K);
  let xBase = group.z * (X_STRIDE / 4u);
  let wBase = group.z * (W_STRIDE / 4u);
  let localRow = local / COLUMN_STEP;
  let localColumn = local % COLUMN_STEP;

  var acc: array<vec4f, TM * TN4>;
  for (var round = 0u; round < ROUNDS; round++) {
    let term = split * SPLIT_K + round * BK;
    //#unroll
    for (var i = 0u; i < X_LOADS; i++) {
      let place = local + i * INVOCATIONS;
      let k = term + 4u * (place % BK4);
      let loaded = x[xBase + min(row + place / BK4, M - 1u) * K4 + min(k / 4u, K4 - 1u)];
      xTile[(place / BK4) * PITCH + place % BK4] = select(vec4f(), loaded, FULL || k < end);
    }
    //#unroll
    for (var i = 0u; i < W_LOADS; i++) {
      let place = local + i * INVOCATIONS;
      let k = term + place / BN4;
      let loaded = w[wBase + min(k, K - 1u) * N4 + min(column + place % BN4, N4 - 1u)];
      wTile[place] = select(vec4f(), loaded, FULL || k < end);
    }
    workgroupBarrier();
    for (var k4 = 0u; k4 < BK4; k4++) {
      var a: array<vec4f, TM>;
      //#unroll
      for (var i = 0u; i < TM; i++) {
        a[i] = xTile[(localRow + i * ROW_STEP) * PITCH + k4];
      }
      //#unroll
      for (var c = 0u; c < TN4; c++) {
        let place = 4u * k4 * BN4 + localColumn + c * COLUMN_STEP;
        let b0 = wTile[place];
        let b1 = wTile[place + BN4];
        let b2 = wTile[place + 2u * BN4];
        let b3 = wTile[place + 3u * BN4];
        //#unroll
        for (var i = 0u; i < TM; i++) {
          let first = fma(vec4f(a[i].x), b0, acc[i * TN4 + c]);
          let second = fma(vec4f(a[i].y), b1, first);
          let third = fma(vec4f(a[i].z), b2, second);
          acc[i * TN4 + c] = fma(vec4f(a[i].w), b3, third);
        }
      }
    }
    workgroupBarrier();
  }

  let yBase = group.z * (Y_STRIDE / 4u) + split * M * N4;
  //#unroll
  for (var c = 0u; c < TN4; c++) {
    let n = column + localColumn + c * COLUMN_STEP;
    if (n < N4) {
      var offset = vec4f();
      //#if BIAS
      offset = bias[group.z * (BIAS_STRIDE / 4u) + n];
      //#endif
      //#unroll
      for (var i = 0u; i < TM; i++) {
        let m = row + localRow + i * ROW_STEP;
        if (m < M) {
          y[yBase + m * N4 + n] = acc[i * TN4 + c] + offset;
        }
      }
    }
  }
}
