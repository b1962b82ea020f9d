// matmul-dgrad/stationary: dx(M,K) = dy(M,N) · w(K,N)ᵀ, row-major f32; M and N multiples of 4, K of 16·COLS.
// matmul-forward/stationary with a block of wᵀ in private memory, 4·DEPTH4 of n times 16·COLS columns of dx, while up to BLOCK rows of
// dy pass by.
@group(0) @binding(0) var<storage, read> dy: array<vec4f>;       // (R, M, N/4)
@group(0) @binding(1) var<storage, read> w: array<vec4f>;        // (R, K, N/4)
@group(0) @binding(2) var<storage, read_write> dx: array<vec4f>; // (R, M, K/4)

const M = 8u;
const N = 8u;
const K = 16u;
const BLOCK = 8u;
const DEPTH4 = 4u; // a multiple of 4
const COLS = 1u;
const DY_STRIDE = 64u;
const W_STRIDE = 64u;
const DX_STRIDE = 64u;

const N4 = N / 4u;
const K4 = K / 4u;
const OWN = 4u * COLS; // columns that one invocation holds
const HELD = 4u * DEPTH4 * OWN;

var<private> held: array<f32, HELD>; // (4 DEPTH4, OWN)

@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) invocation: u32) {
  let lane = invocation & 3u;
  let column = group.x * OWN;
  let end = min((group.y + 1u) * BLOCK, M);
  let dyBase = group.z * (DY_STRIDE / 4u);
  let wBase = group.z * (W_STRIDE / 4u);
  let dxBase = group.z * (DX_STRIDE / 4u) + column;

  for (var first = group.y * BLOCK; first < end; first += 4u) {
    for (var c = 0u; c < OWN; c++) {
      dx[dxBase + (first + lane) * K4 + c] = vec4f();
    }
  }

  for (var n = 0u; n < N4; n += DEPTH4) {
    for (var c = 0u; c < COLS; c++) {
      for (var j = 0u; j < 4u; j++) {
        let wRow = wBase + (4u * (column + 4u * c + lane) + j) * N4;
        for (var q = 0u; q < DEPTH4; q++) {
          let terms = select(vec4f(), w[wRow + min(n + q, N4 - 1u)], n + q < N4);
          let i = 4u * q * OWN + 4u * c + j;
          held[i] = terms.x;
          held[i + OWN] = terms.y;
          held[i + 2u * OWN] = terms.z;
          held[i + 3u * OWN] = terms.w;
        }
      }
    }
    for (var first = group.y * BLOCK; first < end; first += 4u) {
      let row = first + lane;
      var a: array<vec4f, DEPTH4>;
      //#unroll
      for (var q = 0u; q < DEPTH4; q++) {
        a[q] = dy[dyBase + row * N4 + min(n + q, N4 - 1u)];
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
      let dxRow = dxBase + row * K4;
      //#unroll
      for (var c = 0u; c < COLS; c++) {
        //#unroll
        for (var swap = 0u; swap < 4u; swap++) {
          let i = 16u * c + 4u * swap;
          dx[dxRow + 4u * c + (lane ^ swap)] += vec4f(sums[i], sums[i + 1u], sums[i + 2u], sums[i + 3u]);
        }
      }
    }
  }
}
