// matmul-forward/shuffle: y(M,N) = x(M,K) · w(K,N) + bias(N), row-major f32; N and K multiples of 4. A workgroup is eight lanes of a subgroup.
// They keep a block of w in private memory, 4·LOADS of k times 32·PASSES columns, four columns of each pass in each lane, while up to BLOCK
// rows of x go by (what a lane holds beyond w is not stored), eight at a time: each lane loads the terms of one row, which all lanes take from it when the row's turn comes.
// For lavapipe: there a load or store goes lane by lane and component by component, with an address, a bound and a branch each, eleven instructions for a
// number (Mesa 25.0, 2026-11), and a shuffle is one instruction for eight lanes. A pass stores one sum: LLVM would move a second one
// behind the stores of the first, as one chain of additions that each wait for the one before.
@group(0) @binding(0) var<storage, read> x: array<vec4f>;       // (R, M, K/4)
@group(0) @binding(1) var<storage, read> w: array<vec4f>;       // (R, K, N/4)
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>; // (R, M, N/4)
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;    // (R, N/4)

const M = 8u;
const N = 32u;
const K = 8u;
const BLOCK = 8u;  // a multiple of 8
const LOADS = 2u;
const PASSES = 1u;
const X_STRIDE = 64u;
const W_STRIDE = 256u;
const BIAS_STRIDE = 32u;
const Y_STRIDE = 256u;

const N4 = N / 4u;
const K4 = K / 4u;
const DEPTH = 4u * LOADS;
const DEPTHS = (K4 + LOADS - 1u) / LOADS;
const HELD = DEPTH * PASSES;

var<private> held: array<vec4f, HELD>; // (DEPTH, PASSES)

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) invocation: u32) {
  let lane = invocation & 7u;
  let column = group.x * 8u * PASSES + lane;
  let end = min((group.y + 1u) * BLOCK, M);
  let xBase = group.z * (X_STRIDE / 4u);
  let wBase = group.z * (W_STRIDE / 4u);
  let yBase = group.z * (Y_STRIDE / 4u);
  let biasBase = group.z * (BIAS_STRIDE / 4u);

  for (var block = 0u; block < DEPTHS; block++) {
    for (var d = 0u; d < DEPTH; d++) {
      let k = block * DEPTH + d;
      let wRow = wBase + k * N4 + column;
      //#unroll
      for (var p = 0u; p < PASSES; p++) {
        held[d * PASSES + p] = select(vec4f(), w[wRow + 8u * p], k < K);
      }
    }
    for (var eight = 0u; eight < BLOCK / 8u; eight++) {
      let first = min(group.y * BLOCK + 8u * eight, end);
      let rows = min(end - first, 8u);
      let xRow = xBase + min(first + lane, M - 1u) * K4;
      var own: array<vec4f, LOADS>;
      //#unroll
      for (var q = 0u; q < LOADS; q++) {
        own[q] = x[xRow + min(block * LOADS + q, K4 - 1u)];
      }
      //#unroll
      for (var p = 0u; p < PASSES; p++) {
        let at = column + 8u * p;
        for (var r = 0u; r < rows; r++) {
          var sum = vec4f();
          //#unroll
          for (var q = 0u; q < LOADS; q++) {
            let terms = subgroupShuffle(own[q], r);
            sum += terms.x * held[4u * q * PASSES + p];
            sum += terms.y * held[(4u * q + 1u) * PASSES + p];
            sum += terms.z * held[(4u * q + 2u) * PASSES + p];
            sum += terms.w * held[(4u * q + 3u) * PASSES + p];
          }
          if (at < N4) {
            let i = yBase + (first + r) * N4 + at;
            if (block == 0u) {
              y[i] = bias[biasBase + at] + sum;
            } else {
              y[i] += sum;
            }
          }
        }
      }
    }
  }
}
