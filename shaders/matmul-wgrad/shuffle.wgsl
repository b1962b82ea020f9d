// matmul-wgrad/shuffle: dw(K,N) = xᵀ · dy, x(M,K), dy(M,N), row-major f32; N and K multiples of 4. As matmul-forward/shuffle: eight lanes hold a block of
// dy, 8·LOADS of m times 32·PASSES columns, while rows of dw go by, here four at a time: a lane loads four neighbours in a row of x, which are
// terms of four rows of dw, and all lanes take them from it.
@group(0) @binding(0) var<storage, read> x: array<vec4f>;        // (R, M, K/4)
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;       // (R, M, N/4)
@group(0) @binding(2) var<storage, read_write> dw: array<vec4f>; // (R, K, N/4)

const M = 8u;
const N = 32u;
const K = 8u;
const BLOCK = 8u;  // a multiple of 8
const LOADS = 1u;
const PASSES = 1u;
const X_STRIDE = 64u;
const DY_STRIDE = 64u;
const DW_STRIDE = 64u;

const N4 = N / 4u;
const K4 = K / 4u;
const DEPTH = 8u * LOADS;
const DEPTHS = (M + DEPTH - 1u) / DEPTH;
const HELD = DEPTH * PASSES;

var<private> held: array<vec4f, HELD>; // (DEPTH, PASSES)

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) invocation: u32) {
  let lane = invocation & 7u;
  let column = group.x * 8u * PASSES + lane;
  let end = min((group.y + 1u) * BLOCK, K);
  let xBase = group.z * (X_STRIDE / 4u);
  let dyBase = group.z * (DY_STRIDE / 4u);
  let dwBase = group.z * (DW_STRIDE / 4u);

  for (var block = 0u; block < DEPTHS; block++) {
    for (var d = 0u; d < DEPTH; d++) {
      let m = block * DEPTH + d;
      let dyRow = dyBase + m * N4 + column;
      //#unroll
      for (var p = 0u; p < PASSES; p++) {
        held[d * PASSES + p] = select(vec4f(), dy[dyRow + 8u * p], m < M);
      }
    }
    for (var four = 0u; four < BLOCK / 4u; four++) {
      let first = min(group.y * BLOCK + 4u * four, end);
      let rows = min(end - first, 4u);
      let xColumn = xBase + min(first / 4u, K4 - 1u);
      var own: array<vec4f, LOADS>;
      //#unroll
      for (var q = 0u; q < LOADS; q++) {
        own[q] = x[xColumn + min(block * DEPTH + 8u * q + lane, M - 1u) * K4];
      }
      //#unroll
      for (var p = 0u; p < PASSES; p++) {
        let at = column + 8u * p;
        for (var r = 0u; r < rows; r++) {
          var sum = vec4f();
          //#unroll
          for (var q = 0u; q < LOADS; q++) {
            let term = own[q][r];
            //#unroll
            for (var l = 0u; l < 8u; l++) {
              sum += subgroupShuffle(term, l) * held[(8u * q + l) * PASSES + p];
            }
          }
          if (at < N4) {
            let i = dwBase + (first + r) * N4 + at;
            if (block == 0u) {
              dw[i] = sum;
            } else {
              dw[i] += sum;
            }
          }
        }
      }
    }
  }
}
