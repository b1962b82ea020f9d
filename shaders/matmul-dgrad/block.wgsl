// matmul-dgrad/block: dx(M,K) = dy(M,N) · w(K,N)ᵀ, row-major f32; K and N multiples of 4, any M.
// A workgroup computes BM×BN of dx, BK terms of N a round, an invocation TM×TN (see matmul-forward/block). Both operands lie with the
// terms along memory: per four terms an invocation reads TM vec4 of dy and TN of w. Row q of the w tile lies at (q mod 4)·BN/4 + q/4, so
// that invocations side by side, whose columns lie four apart, read rows side by side, which PAD keeps in different banks.
@group(0) @binding(0) var<storage, read> dy: array<vec4f>;       // (R, M, N/4)
@group(0) @binding(1) var<storage, read> w: array<vec4f>;        // (R, K, N/4)
@group(0) @binding(2) var<storage, read_write> dx: array<vec4f>; // (R, M, K/4)

const M = 8u;
const N = 8u;
const K = 8u;
const BM = 32u;
const BN = 32u;
const BK = 16u;
const TM = 4u;
const TN4 = 1u; // TN / 4
const PAD = 1u;
const DY_STRIDE = 64u;
const W_STRIDE = 64u;
const DX_STRIDE = 64u;

const INVOCATIONS = 64u; // (BM / TM) (BN / TN)
const DY_LOADS = 2u;     // vec4 of the dy tile per invocation
const W_LOADS = 2u;
const N4 = N / 4u;
const K4 = K / 4u;
const BN4 = BN / 4u;
const BK4 = BK / 4u;
const PITCH = BK4 + PAD;
const ROW_STEP = BM / TM;
const COLUMN_STEP = BN4 / TN4;
const ROUNDS = (N + BK - 1u) / BK;
const FULL = N % BK == 0u; // no round reaches beyond the terms

var<workgroup> dyTile: array<vec4f, BM * PITCH>; // (BM, PITCH): four terms each
var<workgroup> wTile: array<vec4f, BN * PITCH>;  // (4, BN4, PITCH): four terms each

/// sum + a·b
fn dotAdd(a: vec4f, b: vec4f, sum: f32) -> f32 {
  return fma(a.w, b.w, fma(a.z, b.z, fma(a.y, b.y, fma(a.x, b.x, sum))));
}

@compute @workgroup_size(INVOCATIONS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let column = group.x * BN4;
  let row = group.y * BM;
  let dyBase = group.z * (DY_STRIDE / 4u);
  let wBase = group.z * (W_STRIDE / 4u);
  let localRow = local / COLUMN_STEP;
  let localColumn = local % COLUMN_STEP;

  var acc: array<vec4f, TM * TN4>;
  for (var round = 0u; round < ROUNDS; round++) {
    //#unroll
    for (var i = 0u; i < DY_LOADS; i++) {
      let place = local + i * INVOCATIONS;
      let n = round * BK4 + place % BK4;
      let loaded = dy[dyBase + min(row + place / BK4, M - 1u) * N4 + min(n, N4 - 1u)];
      dyTile[(place / BK4) * PITCH + place % BK4] = select(vec4f(), loaded, FULL || n < N4);
    }
    //#unroll
    for (var i = 0u; i < W_LOADS; i++) {
      let place = local + i * INVOCATIONS;
      let n = round * BK4 + place % BK4;
      let k = place / BK4;
      let loaded = w[wBase + min(4u * column + k, K - 1u) * N4 + min(n, N4 - 1u)];
      wTile[((k % 4u) * BN4 + k / 4u) * PITCH + place % BK4] = select(vec4f(), loaded, FULL || n < N4);
    }
    workgroupBarrier();
    for (var n4 = 0u; n4 < BK4; n4++) {
      var a: array<vec4f, TM>;
      //#unroll
      for (var i = 0u; i < TM; i++) {
        a[i] = dyTile[(localRow + i * ROW_STEP) * PITCH + n4];
      }
      //#unroll
      for (var c = 0u; c < TN4; c++) {
        let place = (localColumn + c * COLUMN_STEP) * PITCH + n4;
        let b0 = wTile[place];
        let b1 = wTile[place + BN4 * PITCH];
        let b2 = wTile[place + 2u * BN4 * PITCH];
        let b3 = wTile[place + 3u * BN4 * PITCH];
        //#unroll
        for (var i = 0u; i < TM; i++) {
          let sum = acc[i * TN4 + c];
          acc[i * TN4 + c] = vec4f(dotAdd(a[i], b0, sum.x), dotAdd(a[i], b1, sum.y), dotAdd(a[i], b2, sum.z), dotAdd(a[i], b3, sum.w));
        }
      }
    }
    workgroupBarrier();
  }

  let dxBase = group.z * (DX_STRIDE / 4u);
  //#unroll
  for (var c = 0u; c < TN4; c++) {
    let k = column + localColumn + c * COLUMN_STEP;
    if (k < K4) {
      //#unroll
      for (var i = 0u; i < TM; i++) {
        let m = row + localRow + i * ROW_STEP;
        if (m < M) {
          dx[dxBase + m * K4 + k] = acc[i * TN4 + c];
        }
      }
    }
  }
}
