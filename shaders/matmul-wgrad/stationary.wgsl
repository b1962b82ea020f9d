// matmul-wgrad/stationary: dw(K,N) = x(M,K)ᵀ · dy(M,N), row-major f32; M and K multiples of 4, N of 16·COLS.
// matmul-forward/stationary with a block of dy in private memory, 4·DEPTH4 of m times 16·COLS columns, while up to BLOCK rows of dw pass
// by. The invocations of a quad own neighbouring rows: columns of x, which they load element by element.
@group(0) @binding(0) var<storage, read> x: array<f32>;          // (R, M, K)
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;       // (R, M, N/4)
@group(0) @binding(2) var<storage, read_write> dw: array<vec4f>; // (R, K, N/4)

const M = 8u;
const N = 16u;
const K = 8u;
const BLOCK = 8u;
const DEPTH4 = 4u; // a multiple of 4
const COLS = 1u;
const X_STRIDE = 64u;
const DY_STRIDE = 64u;
const DW_STRIDE = 64u;

const N4 = N / 4u;
const OWN = 4u * COLS; // columns that one invocation holds
const HELD = 4u * DEPTH4 * OWN;

var<private> held: array<f32, HELD>; // (4 DEPTH4, OWN)

@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) invocation: u32) {
  let lane = invocation & 3u;
  let column = group.x * OWN;
  let end = min((group.y + 1u) * BLOCK, K);
  let xBase = group.z * X_STRIDE;
  let dyBase = group.z * (DY_STRIDE / 4u) + column + lane;
  let dwBase = group.z * (DW_STRIDE / 4u) + column;

  for (var first = group.y * BLOCK; first < end; first += 4u) {
    for (var c = 0u; c < OWN; c++) {
      dw[dwBase + (first + lane) * N4 + c] = vec4f();
    }
  }

  for (var m = 0u; m < M; m += 4u * DEPTH4) {
    for (var d = 0u; d < 4u * DEPTH4; d++) {
      let inside = m + d < M;
      let dyRow = dyBase + min(m + d, M - 1u) * N4;
      //#unroll
      for (var c = 0u; c < COLS; c++) {
        let columns = select(vec4f(), dy[dyRow + 4u * c], inside);
        held[d * OWN + 4u * c] = columns.x;
        held[d * OWN + 4u * c + 1u] = columns.y;
        held[d * OWN + 4u * c + 2u] = columns.z;
        held[d * OWN + 4u * c + 3u] = columns.w;
      }
    }
    for (var first = group.y * BLOCK; first < end; first += 4u) {
      let row = first + lane;
      var a: array<vec4f, DEPTH4>;
      //#unroll
      for (var q = 0u; q < DEPTH4; q++) {
        let i = xBase + min(m + 4u * q, M - 4u) * K + row;
        a[q] = vec4f(x[i], x[i + K], x[i + 2u * K], x[i + 3u * K]);
      }
      // sums[16 c + 4 swap + j]: column j of the vec4 that invocation lane ^ swap holds in group c. Sixteen terms at a time, one sum after the
      // other: so many fit a register from the first to the last, and the processor works on the next sixteen meanwhile.
      var sums: array<f32, 4u * OWN>;
      //#unroll
      for (var c = 0u; c < COLS; c++) {
        //#unroll quadSwapX: -, quadSwapX, quadSwapY, quadSwapDiagonal
        for (var swap = 0u; swap < 4u; swap++) {
          //#unroll
          for (var j = 0u; j < 4u; j++) {
            sums[16u * c + 4u * swap + j] = 0.0;
            //#unroll
            for (var g = 0u; g < DEPTH4; g += 4u) {
              var t = 0.0;
              //#unroll
              for (var q = 0u; q < 4u; q++) {
                let i = 4u * (g + q) * OWN + 4u * c + j;
                t = t + a[g + q].x * quadSwapX(held[i]) + a[g + q].y * quadSwapX(held[i + OWN]) + a[g + q].z * quadSwapX(held[i + 2u * OWN]) + a[g + q].w * quadSwapX(held[i + 3u * OWN]);
              }
              sums[16u * c + 4u * swap + j] += t;
            }
          }
        }
      }
      let dwRow = dwBase + row * N4;
      //#unroll
      for (var c = 0u; c < COLS; c++) {
        //#unroll
        for (var swap = 0u; swap < 4u; swap++) {
          let i = 16u * c + 4u * swap;
          dw[dwRow + 4u * c + (lane ^ swap)] += vec4f(sums[i], sums[i + 1u], sums[i + 2u], sums[i + 3u]);
        }
      }
    }
  }
}
