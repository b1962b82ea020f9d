// matmul-dgrad/quad: dx(M,K) = dy(M,N) · w(K,N)ᵀ, row-major f32; K and N multiples of 4, any M.
// The four invocations of a quad share 4·COLS rows of w, which are columns of dx; each owns ROWS rows of dx. Of
// every four rows of w invocation i loads row i alone and sees the others through quad swaps (see
// matmul-forward/quad): component s of its accumulator is column i^s, put in order before it is stored.
@group(0) @binding(0) var<storage, read> dy: array<vec4f>;       // (R, M, N/4)
@group(0) @binding(1) var<storage, read> w: array<vec4f>;        // (R, K, N/4)
@group(0) @binding(2) var<storage, read_write> dx: array<vec4f>; // (R, M, K/4)

const M = 8u;
const N = 8u;
const K = 8u;
const ROWS = 2u;
const COLS = 2u;
const DY_STRIDE = 64u;
const W_STRIDE = 64u;
const DX_STRIDE = 64u;

const N4 = N / 4u;
const K4 = K / 4u;

@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) invocation: u32) {
  let lane = invocation & 3u;
  let column = group.x * COLS;
  let row = (group.y * 4u + lane) * ROWS;
  let wBase = group.z * (W_STRIDE / 4u);

  var acc: array<vec4f, ROWS * COLS>;
  var dyRow: array<u32, ROWS>;
  //#unroll
  for (var r = 0u; r < ROWS; r++) {
    dyRow[r] = group.z * (DY_STRIDE / 4u) + min(row + r, M - 1u) * N4;
  }
  for (var n = 0u; n < N4; n++) {
    var a: array<vec4f, ROWS>;
    //#unroll
    for (var r = 0u; r < ROWS; r++) {
      a[r] = dy[dyRow[r] + n];
    }
    //#unroll
    for (var c = 0u; c < COLS; c++) {
      let w0 = w[wBase + (min(column + c, K4 - 1u) * 4u + lane) * N4 + n];
      let wX = quadSwapX(w0);
      let wY = quadSwapY(w0);
      let wD = quadSwapDiagonal(w0);
      //#unroll
      for (var r = 0u; r < ROWS; r++) {
        acc[r * COLS + c] += vec4f(dot(a[r], w0), dot(a[r], wX), dot(a[r], wY), dot(a[r], wD));
      }
    }
  }

  let dxBase = group.z * (DX_STRIDE / 4u);
  //#unroll
  for (var c = 0u; c < COLS; c++) {
    if (column + c < K4) {
      //#unroll
      for (var r = 0u; r < ROWS; r++) {
        if (row + r < M) {
          let sum = acc[r * COLS + c];
          let even = select(sum, sum.yxwz, (lane & 1u) != 0u);
          dx[dxBase + (row + r) * K4 + column + c] = select(even, even.zwxy, (lane & 2u) != 0u);
        }
      }
    }
  }
}
