// matmul-wgrad/block: dw(K,N) = x(M,K)ᵀ · dy(M,N), row-major f32; K and N multiples of 4, any M.
// A workgroup computes BM×BN of dw, BK rows of the batch a round, an invocation TM×TN (see matmul-forward/block). Both operands lie with
// the sides of the tile along memory: a row of the batch is TM/4 vec4 of x and TN/4 of dy for TM·TN multiply-adds, and nothing is padded.
@group(0) @binding(0) var<storage, read> x: array<vec4f>;        // (R, M, K/4)
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;       // (R, M, N/4)
@group(0) @binding(2) var<storage, read_write> dw: array<vec4f>; // (R, K, N/4)

const M = 8u;
const N = 8u;
const K = 8u;
const BM = 32u;
const BN = 32u;
const BK = 16u;
const TM4 = 1u; // TM / 4
const TN4 = 1u; // TN / 4
const X_STRIDE = 64u;
const DY_STRIDE = 64u;
const DW_STRIDE = 64u;

const INVOCATIONS = 64u; // (BM / TM) (BN / TN)
const X_LOADS = 2u;      // vec4 of the x tile per invocation
const DY_LOADS = 2u;
const N4 = N / 4u;
const K4 = K / 4u;
const BM4 = BM / 4u;
const BN4 = BN / 4u;
const ROW_STEP = BM4 / TM4;
const COLUMN_STEP = BN4 / TN4;
const ROUNDS = (M + BK - 1u) / BK;
const FULL = M % BK == 0u; // no round reaches beyond the batch

var<workgroup> xTile: array<vec4f, BK * BM4>;  // (BK, BM4): four rows of dw each
var<workgroup> dyTile: array<vec4f, BK * BN4>; // (BK, BN4): four columns each

@compute @workgroup_size(INVOCATIONS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let column = group.x * BN4;
  let row = group.y * BM4;
  let xBase = group.z * (X_STRIDE / 4u);
  let dyBase = group.z * (DY_STRIDE / 4u);
  let localRow = local / COLUMN_STEP;
  let localColumn = local % COLUMN_STEP;

  var acc: array<vec4f, 4u * TM4 * TN4>;
  for (var round = 0u; round < ROUNDS; round++) {
    //#unroll
    for (var i = 0u; i < X_LOADS; i++) {
      let place = local + i * INVOCATIONS;
      let m = round * BK + place / BM4;
      let loaded = x[xBase + min(m, M - 1u) * K4 + min(row + place % BM4, K4 - 1u)];
      xTile[place] = select(vec4f(), loaded, FULL || m < M);
    }
    //#unroll
    for (var i = 0u; i < DY_LOADS; i++) {
      let place = local + i * INVOCATIONS;
      let m = round * BK + place / BN4;
      let loaded = dy[dyBase + min(m, M - 1u) * N4 + min(column + place % BN4, N4 - 1u)];
      dyTile[place] = select(vec4f(), loaded, FULL || m < M);
    }
    workgroupBarrier();
    for (var t = 0u; t < BK; t++) {
      var b: array<vec4f, TN4>;
      //#unroll
      for (var c = 0u; c < TN4; c++) {
        b[c] = dyTile[t * BN4 + localColumn + c * COLUMN_STEP];
      }
      //#unroll
      for (var i = 0u; i < TM4; i++) {
        let a = xTile[t * BM4 + localRow + i * ROW_STEP];
        //#unroll
        for (var c = 0u; c < TN4; c++) {
          acc[(4u * i + 0u) * TN4 + c] = fma(vec4f(a.x), b[c], acc[(4u * i + 0u) * TN4 + c]);
          acc[(4u * i + 1u) * TN4 + c] = fma(vec4f(a.y), b[c], acc[(4u * i + 1u) * TN4 + c]);
          acc[(4u * i + 2u) * TN4 + c] = fma(vec4f(a.z), b[c], acc[(4u * i + 2u) * TN4 + c]);
          acc[(4u * i + 3u) * TN4 + c] = fma(vec4f(a.w), b[c], acc[(4u * i + 3u) * TN4 + c]);
        }
      }
    }
    workgroupBarrier();
  }

  let dwBase = group.z * (DW_STRIDE / 4u);
  //#unroll
  for (var i = 0u; i < TM4; i++) {
    let k = row + localRow + i * ROW_STEP;
    if (k < K4) {
      //#unroll
      for (var c = 0u; c < TN4; c++) {
        let n = column + localColumn + c * COLUMN_STEP;
        if (n < N4) {
          let place = dwBase + 4u * k * N4 + n;
          dw[place] = acc[(4u * i + 0u) * TN4 + c];
          dw[place + N4] = acc[(4u * i + 1u) * TN4 + c];
          dw[place + 2u * N4] = acc[(4u * i + 2u) * TN4 + c];
          dw[place + 3u * N4] = acc[(4u * i + 3u) * TN4 + c];
        }
      }
    }
  }
}
