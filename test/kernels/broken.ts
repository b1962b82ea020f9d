/** Mistakes that the check must see: each turns a right variant into a wrong one. */
export interface Mistake {
  /** Of the variants whose names start with this, one is broken. */
  readonly variant: string;
  /** What goes wrong. */
  readonly mistake: string;
  /** Text of the shader; every occurrence is replaced. */
  readonly find: string;
  readonly replace: string;
}

/** By op; every op has at least one. */
export const broken: Readonly<Record<string, readonly Mistake[]>> = {
  gather: [
    {
      variant: 'words-20',
      mistake: 'mirrors words but not the pixels in them',
      find: 'forward.wzyx',
      replace: 'forward',
    },
    {
      variant: 'words',
      mistake: 'looks for the first image of the second shard in the first',
      find: 'image < SHARD_IMAGES',
      replace: 'image <= SHARD_IMAGES',
    },
    {
      variant: 'words-4',
      mistake: 'mirrors before it crops',
      find: '* 4 + dx',
      replace: '* 4 + select(dx, -dx, flip)',
    },
    {
      variant: 'words-4',
      mistake: 'takes the pixels beyond the last word from its neighbour',
      find: 'word < 7',
      replace: 'word < 8',
    },
    {
      variant: 'words-4',
      mistake: 'drops the second word where the crop is not by whole words',
      find: '(low >> shift) |',
      replace: '(low >> shift) & ',
    },
    {
      variant: 'words',
      mistake: 'reads the labels of other samples in the later epochs',
      find: '% STEPS_PER_EPOCH',
      replace: '',
    },
  ],
  'gather-rows': [
    {
      variant: 'naive',
      mistake: 'takes the row of the first sample',
      find: 'rows[sample *',
      replace: 'rows[first *',
    },
  ],
  'gather-labels': [
    {
      variant: 'naive',
      mistake: 'takes the step for the sample',
      find: '% STEPS_PER_EPOCH) * B',
      replace: '% STEPS_PER_EPOCH)',
    },
  ],
  'gather-nhwc': [
    {
      variant: 'naive',
      mistake: 'mirrors before it crops',
      find: 'column = i32(select(pixel % WIDTH, WIDTH - 1u - pixel % WIDTH, flip)) + ',
      replace: 'column = i32(select(pixel % WIDTH, WIDTH - 1u - pixel % WIDTH, flip)) - ',
    },
    {
      variant: 'naive',
      mistake: 'shows the outermost pixel twice',
      find: '2 * (count - 1) - folded',
      replace: '2 * count - 1 - folded',
    },
    {
      variant: 'naive',
      mistake: 'normalises with the first channel',
      find: 'let p = channel * PLANE + pixel',
      replace: 'let p = pixel',
    },
  ],
  'gather-matmul-forward': [
    {
      variant: 'naive',
      mistake: 'mirrors no words',
      find: 'select(word, word + ROW_WORDS - 1u - 2u * (word % ROW_WORDS), flip)',
      replace: 'word',
    },
    { variant: 'quad', mistake: 'mirrors no pixels in a word', find: 'select(0u, 24u, flip)', replace: '0u' },
    { variant: 'quad', mistake: 'normalises with a neighbour', find: 'quadSwapX(scale)', replace: 'scale' },
  ],
  'gather-matmul-wgrad': [
    { variant: 'naive', mistake: 'mirrors no pixels', find: ', flip);', replace: ', false);' },
    { variant: 'quad', mistake: 'counts rows beyond the last', find: 'm + lane < M', replace: 'true' },
  ],
  'matmul-forward': [
    {
      variant: 'shuffle',
      mistake: 'takes the terms of another row',
      find: 'subgroupShuffle(own[q], r)',
      replace: 'subgroupShuffle(own[q], r ^ 1u)',
    },
    {
      variant: 'shuffle',
      mistake: 'counts the last terms again where the block reaches beyond them',
      find: 'k < K)',
      replace: 'true)',
    },
    {
      variant: 'shuffle',
      mistake: 'holds the first columns for all passes and workgroups',
      find: 'w[wRow + 8u * p]',
      replace: 'w[wRow - column + lane]',
    },
    {
      variant: 'shuffle',
      mistake: 'adds the bias to every block of terms',
      find: 'y[i] += sum',
      replace: 'y[i] += bias[biasBase + at] + sum',
    },
    {
      variant: 'shuffle',
      mistake: 'leaves out the last row of a block',
      find: 'min(end - first, 8u)',
      replace: 'min(max(end - first, 1u) - 1u, 8u)',
    },
    { variant: 'block', mistake: 'counts terms beyond the last', find: 'FULL || k < end', replace: 'true' },
    { variant: 'block', mistake: 'does not wait for the tiles', find: 'workgroupBarrier();', replace: '' },
    { variant: 'naive', mistake: 'drops the last k', find: 'k < end', replace: 'k + 1u < end' },
    {
      variant: 'quad',
      mistake: 'takes one row of w for another',
      find: 'quadSwapY(w0)',
      replace: 'quadSwapX(w0)',
    },
    {
      variant: 'quad',
      mistake: 'stores rows beyond the last',
      find: 'row + r < M',
      replace: 'row + r <= M',
    },
    {
      variant: 'stationary',
      mistake: 'stores the columns of its neighbours in its own place',
      find: '(lane ^ swap)',
      replace: 'lane',
    },
    {
      variant: 'stationary',
      mistake: 'counts the last terms again where the block reaches beyond them',
      find: '4u * k + d < K',
      replace: 'true',
    },
    {
      variant: 'stationary',
      mistake: 'holds the first columns for all workgroups',
      find: '+ column + lane',
      replace: '+ lane',
    },
    {
      variant: 'stationary',
      mistake: 'leaves out the last row of a block',
      find: 'min((group.y + 1u) * BLOCK, M)',
      replace: 'min((group.y + 1u) * BLOCK - 4u, M)',
    },
  ],
  'matmul-forward-split': [
    {
      variant: 'naive',
      mistake: 'starts each part one k late',
      find: 'k = split * SPLIT_K',
      replace: 'k = split * SPLIT_K + 1u',
    },
    {
      variant: 'quad',
      mistake: 'stores all parts in the first',
      find: '+ split * M * N4',
      replace: '',
    },
  ],
  'split-sum': [
    { variant: 'naive', mistake: 'drops the last part', find: 's < SPLITS', replace: 's + 1u < SPLITS' },
    { variant: 'naive', mistake: 'takes the bias of the row', find: 'i % N4', replace: 'i / N4' },
  ],
  'conv-forward': [
    {
      variant: 'shuffle',
      mistake: 'takes the terms of the other team',
      find: 'subgroupShuffle(own[q], team + r)',
      replace: 'subgroupShuffle(own[q], (team + r) ^ 4u)',
    },
    {
      variant: 'shuffle',
      mistake: 'counts pixels beyond the border',
      find: 'h0 + r < H && v0 + t / C4 < W',
      replace: 'h0 + r < H',
    },
    {
      variant: 'shuffle',
      mistake: 'holds the first filters for all lanes',
      find: 'w[wRow + WIDE * p]',
      replace: 'w[wRow - lane % WIDE + WIDE * p]',
    },
    {
      variant: 'naive',
      mistake: 'reads the neighbouring row where the filter overhangs',
      find: 'h < H && v < W',
      replace: 'h < H',
    },
    {
      variant: 'strip',
      mistake: 'takes one row of w for another',
      find: 'quadBroadcast(own, 1u)',
      replace: 'quadBroadcast(own, 2u)',
    },
    { variant: 'strip', mistake: 'has no padding in front', find: 'STEP_X - PAD_X', replace: 'STEP_X' },
    { variant: 'strip', mistake: 'forgets the step', find: 'a[i * STEP_X + s]', replace: 'a[i + s]' },
    {
      variant: 'tile',
      mistake: 'counts pixels of the next row where the filter overhangs',
      find: 'h < H && v < W',
      replace: 'h < H',
    },
    { variant: 'tile', mistake: 'drops the last terms', find: 'k0 < K', replace: 'k0 + DEPTH < K' },
    {
      variant: 'stationary',
      mistake: 'counts pixels of the next row where the filter overhangs',
      find: 'min(v0 + i32(SIZE_X), i32(W))',
      replace: '(v0 + i32(SIZE_X))',
    },
    {
      variant: 'stationary',
      mistake: 'forgets how far the filter hangs over in front',
      find: 'k + d - start < inside',
      replace: 'k + d < inside',
    },
    {
      variant: 'stationary',
      mistake: 'reads a row below the image',
      find: 'h0 + r + t < H',
      replace: 'h0 + r + t <= H',
    },
    {
      variant: 'stationary',
      mistake: 'forgets the blocks before',
      find: 'y[yRow + n] += sum',
      replace: 'y[yRow + n] = sum',
    },
    {
      variant: 'stationary',
      mistake: 'takes one quarter of the block for another',
      find: 'quadSwapY, quadSwapDiagonal',
      replace: 'quadSwapDiagonal, quadSwapY',
    },
  ],
  'conv-wgrad': [
    {
      variant: 'shuffle',
      mistake: 'takes the terms of another lane',
      find: 'subgroupShuffle(term, l)',
      replace: 'subgroupShuffle(term, l ^ 1u)',
    },
    {
      variant: 'shuffle',
      mistake: 'counts the pixels of the next part',
      find: 'start + d < lastPixel',
      replace: 'start + d < B * P * Q',
    },
    {
      variant: 'shuffle',
      mistake: 'counts pixels beyond the border',
      find: 'h < H && v < W',
      replace: 'v < W',
    },
    {
      variant: 'shuffle',
      mistake: 'forgets the block of pixels before',
      find: 'partial[i] += sum',
      replace: 'partial[i] = sum',
    },
    {
      variant: 'naive',
      mistake: 'drops the last row of a part',
      find: 'row < end',
      replace: 'row + 1u < end',
    },
    {
      variant: 'strip',
      mistake: 'counts the last pixel of a row again for those beyond it',
      find: 'mine = select(vec4f(), dy[dyRow + min(c, N4 - 1u - column)], q + lane < Q)',
      replace: 'mine = dy[dyRow + min(c, N4 - 1u - column)]',
    },
    {
      variant: 'strip',
      mistake: 'lets a part read the rows of the next',
      find: 'min((part + 1u) * ROWS, B * P)',
      replace: 'B * P',
    },
    {
      variant: 'tile',
      mistake: 'transposes its 4×4 sums',
      find: 'acc[1] += a.y * b',
      replace: 'acc[1] += a.x * b',
    },
    {
      variant: 'stationary',
      mistake: 'lets a part read the rows of the next',
      find: 'row < lastLine',
      replace: 'row < B * P',
    },
    {
      variant: 'stationary',
      mistake: 'takes the pixel left of the image for one inside it',
      find: 'd * STEP_X >= PAD_X',
      replace: '(d + 1u) * STEP_X >= PAD_X',
    },
    {
      variant: 'stationary',
      mistake: 'takes the pixel right of the image for one inside it',
      find: 'SIZE_X <= W + PAD_X',
      replace: 'SIZE_X <= W + PAD_X + STEP_X',
    },
    {
      variant: 'stationary',
      mistake: 'counts the last pixel of a row again for those beyond it',
      find: 'min(own, N4 - 1u)], q + d < Q)',
      replace: 'min(own, N4 - 1u)], true)',
    },
    {
      variant: 'stationary',
      mistake: 'has no padding in front',
      find: 'tap % SIZE_X - PAD_X',
      replace: 'tap % SIZE_X',
    },
    {
      variant: 'stationary',
      mistake: 'forgets the step',
      find: 'd * STEP_X',
      replace: 'd',
    },
    {
      variant: 'stationary',
      mistake: 'takes one quarter of the block for another',
      find: 'quadSwapY, quadSwapDiagonal',
      replace: 'quadSwapDiagonal, quadSwapY',
    },
  ],
  'conv-dgrad': [
    {
      variant: 'shuffle',
      mistake: 'takes the terms of the other team',
      find: 'subgroupShuffle(own[q], team + l)',
      replace: 'subgroupShuffle(own[q], (team + l) ^ 4u)',
    },
    {
      variant: 'shuffle',
      mistake: 'takes the taps of a row in the opposite order',
      find: 'q0 - k / N4',
      replace: 'q0 + k / N4',
    },
    {
      variant: 'shuffle',
      mistake: 'computes every phase with the taps of the first',
      find: 'let r0 = (phaseY + PAD_Y) % STEP_Y',
      replace: 'let r0 = PAD_Y % STEP_Y',
    },
    { variant: 'shuffle', mistake: 'forgets the taps before', find: 'dx[i] += sum', replace: 'dx[i] = sum' },
    {
      variant: 'shuffle',
      mistake: 'counts the last terms again where the block reaches beyond them',
      find: 'k < ROW4 && ',
      replace: '',
    },
    {
      variant: 'naive',
      mistake: 'takes pixels between the steps',
      find: 'q % STEP_X == 0u &&',
      replace: '',
    },
    {
      variant: 'strip',
      mistake: 'mirrors the filter',
      find: 'STEP_X * SIZE_X - s)',
      replace: 'STEP_X * SIZE_X + s)',
    },
    {
      variant: 'strip',
      mistake: 'gives all phases the first rows of the filter',
      find: '(phase + PAD_Y)',
      replace: 'PAD_Y',
    },
    {
      variant: 'tile',
      mistake: 'gives all phases the first taps',
      find: 's0 = (phaseX + PAD_X)',
      replace: 's0 = (PAD_X)',
    },
    {
      variant: 'stationary',
      mistake: 'mirrors the filter',
      find: 'TAPS - 1u - min((k + d) / N4, TAPS - 1u)',
      replace: 'min((k + d) / N4, TAPS - 1u)',
    },
    {
      variant: 'stationary',
      mistake: 'gives all phases the first taps',
      find: 's0 = (phaseX + PAD_X)',
      replace: 's0 = (PAD_X)',
    },
    {
      variant: 'stationary',
      mistake: 'reads a row below dy',
      find: 'p0 - t < P',
      replace: 'p0 - t <= P',
    },
    {
      variant: 'stationary',
      mistake: 'gives a phase that no tap reaches the last',
      find: 'let inside = r < SIZE_Y && s < SIZE_X',
      replace: 'let inside = true',
    },
    {
      variant: 'stationary',
      mistake: 'takes one quarter of the block for another',
      find: 'quadSwapY, quadSwapDiagonal',
      replace: 'quadSwapDiagonal, quadSwapY',
    },
  ],
  'part-sum': [
    { variant: 'naive', mistake: 'drops the last part', find: 'part < PARTS', replace: 'part + 1u < PARTS' },
    { variant: 'strip', mistake: 'drops the last part', find: 'part < PARTS', replace: 'part + 1u < PARTS' },
  ],
  'bias-gradient-parts': [
    {
      variant: 'naive',
      mistake: 'reads the rows of the next part',
      find: 'min(first + ROWS, M)',
      replace: 'M',
    },
    {
      variant: 'strip',
      mistake: 'adds half of the lanes',
      find: 'level < LEVELS',
      replace: 'level + 1u < LEVELS',
    },
  ],
  'batch-norm-moments': [
    {
      variant: 'strip',
      mistake: 'adds the lanes of the next column',
      find: 'half * VECS',
      replace: 'half',
    },
    {
      variant: 'strip',
      mistake: 'measures from the first row instead of the mean',
      find: '- mean;',
      replace: '- origin;',
    },
    {
      variant: 'naive',
      mistake: 'divides by the rows of a full part',
      find: 'f32(max(end - first, 1u))',
      replace: 'f32(ROWS)',
    },
    { variant: 'naive', mistake: 'ignores the ReLU in front', find: 'RELU_BEFORE == 1u', replace: 'false' },
  ],
  'batch-norm-merge': [
    {
      variant: 'strip',
      mistake: 'adds squares as if the means were equal',
      find: ' + d * d * a.rows * share',
      replace: '',
    },
    {
      variant: 'strip',
      mistake: 'merges parts twice',
      find: 'lane * PER_LANE + k',
      replace: 'lane + k',
    },
    {
      variant: 'naive',
      mistake: 'adds squares as if the means were equal',
      find: ' + d * d * before * share',
      replace: '',
    },
    {
      variant: 'naive',
      mistake: 'takes the last part for a full one',
      find: 'min(M - min(part * ROWS, M), ROWS)',
      replace: 'ROWS',
    },
    {
      variant: 'naive',
      mistake: 'never sets the running statistics',
      find: 'FIRST_BATCH_SETS == 1u &&',
      replace: 'false &&',
    },
  ],
  'batch-norm-apply': [
    {
      variant: 'naive',
      mistake: 'computes the tanh form',
      find: 'z = gelu(z)',
      replace: 'z = 0.5 * z * (1.0 + tanh(0.7978845608 * (z + 0.044715 * z * z * z)))',
    },
    {
      variant: 'naive',
      mistake: 'takes the variance for invStd',
      find: 'FROM_VARIANCE == 1u',
      replace: 'false',
    },
  ],
  'batch-norm-gradient-parts': [
    {
      variant: 'strip',
      mistake: 'leaves the last rows of a part out',
      find: '(ROWS + LANES - 1u) / LANES',
      replace: 'ROWS / LANES',
    },
    {
      variant: 'naive',
      mistake: 'does not mask with the ReLU behind',
      find: 'gamma * n + beta > vec4f()',
      replace: 'vec4<bool>(true)',
    },
    {
      variant: 'naive',
      mistake: 'takes the slope of the GELU of x',
      find: 'geluSlope(gamma * n + beta)',
      replace: 'geluSlope(n)',
    },
  ],
  'batch-norm-dx': [
    {
      variant: 'naive',
      mistake: 'forgets that the variance depends on x',
      find: 'dbeta + n * dgamma',
      replace: 'dbeta',
    },
  ],
  'max-pool-forward': [
    {
      variant: 'naive',
      mistake: 'names the last of equal pixels',
      find: 'value > best',
      replace: 'value >= best',
    },
    { variant: 'naive', mistake: 'has steps of the size', find: '% P * STEP', replace: '% P * SIZE' },
  ],
  'max-pool-backward': [
    {
      variant: 'naive',
      mistake: 'takes one of the windows over a pixel',
      find: 't < COVER',
      replace: 't < 1u',
    },
    {
      variant: 'naive',
      mistake: 'gives every pixel of a window its gradient',
      find: '== vec4u(r * SIZE + s)',
      replace: '< vec4u(SIZE * SIZE)',
    },
  ],
  'average-pool-forward': [
    {
      variant: 'naive',
      mistake: 'drops the last pixel',
      find: 'pixel < PIXELS',
      replace: 'pixel + 1u < PIXELS',
    },
  ],
  'average-pool-backward': [
    {
      variant: 'naive',
      mistake: 'takes another image',
      find: '/ (PIXELS * C4) * C4',
      replace: '/ PIXELS * C4',
    },
  ],
  'gelu-forward': [
    {
      variant: 'naive',
      mistake: 'computes the tanh form',
      find: 'return x * select(1.0 - tail, tail, x < vec4f())',
      replace: 'return 0.5 * x * (1.0 + tanh(0.7978845608 * (x + 0.044715 * x * x * x)))',
    },
    {
      variant: 'naive',
      mistake: 'lets negative numbers through',
      find: 'select(1.0 - tail, tail, x < vec4f())',
      replace: '(1.0 - tail)',
    },
  ],
  'leaky-relu-forward': [
    { variant: 'naive', mistake: 'is a ReLU', find: 'SLOPE * value', replace: 'vec4f()' },
  ],
  'leaky-relu-backward': [
    {
      variant: 'naive',
      mistake: 'looks at the gradient',
      find: 'x[id.z * (X_STRIDE / 4u) + id.x] >',
      replace: 'value >',
    },
  ],
  'gelu-backward': [
    {
      variant: 'naive',
      mistake: 'leaves out the slope of Phi',
      find: ' + x * bell * 0.39894228',
      replace: '',
    },
  ],
  'batch-norm-forward': [
    {
      variant: 'naive',
      mistake: 'normalises with the unbiased variance',
      find: 'squares / f32(M)',
      replace: 'squares / (f32(M) - 1.0)',
    },
    {
      variant: 'strip',
      mistake: 'averages the biased variance where the unbiased one is asked for',
      find: 'variance * VARIANCE_FACTOR',
      replace: 'variance',
    },
    {
      variant: 'strip',
      mistake: 'never sets the running statistics from the first batch',
      find: 'FIRST_BATCH_SETS == 1u &&',
      replace: 'false &&',
    },
    {
      variant: 'strip',
      mistake: 'leaves out the last level of the tree',
      find: 'half > 0u',
      replace: 'half > 1u',
    },
  ],
  'batch-norm-inference': [
    { variant: 'naive', mistake: 'leaves out eps', find: ' + EPS', replace: '' },
    { variant: 'naive', mistake: 'skips the last row of its rows', find: 'm < end', replace: 'm + 1u < end' },
  ],
  'batch-norm-statistics': [
    {
      variant: 'strip',
      mistake: 'averages the variances of chunks, as if their means were equal',
      find: ' + a * b * d * d',
      replace: '',
    },
    {
      variant: 'strip',
      mistake: 'counts rows beyond the last one',
      find: '= min(M, TOTAL - before)',
      replace: '= M',
    },
    {
      variant: 'strip',
      mistake: 'corrects the variance of every chunk',
      find: 'before + rows == TOTAL',
      replace: 'true',
    },
    {
      variant: 'strip',
      mistake: 'leaves out the last level of the tree',
      find: 'level < LEVELS',
      replace: 'level < LEVELS - 1u',
    },
  ],
  lookahead: [
    {
      variant: 'vec4',
      mistake: 'leaves the fast values where they are',
      find: 'fast[f] = moved;',
      replace: '',
    },
    { variant: 'vec4', mistake: 'acts in every step', find: '|| keep < 0.0', replace: '' },
  ],
  'view-average': [
    { variant: 'naive', mistake: 'takes all views alike', find: 'weights[v] * ', replace: '' },
    { variant: 'naive', mistake: 'leaves the last view out', find: 'v < VIEWS', replace: 'v + 1u < VIEWS' },
  ],
  scale: [{ variant: 'naive', mistake: 'divides', find: 'FACTOR * x[', replace: '(1.0 / FACTOR) * x[' }],
  'relu-forward': [
    {
      variant: 'naive',
      mistake: 'writes behind the last element',
      find: 'id.x < COUNT / 4u',
      replace: 'true',
    },
    { variant: 'naive', mistake: 'leaks', find: ', vec4f())', replace: ', vec4f(-0.01))' },
  ],
  'net-tail': [
    {
      variant: 'workgroup',
      mistake: 'lets the gradient through a closed ReLU',
      find: 'work[dy + m * n], gamma * normalised + beta > vec4f()',
      replace: 'work[dy + m * n], gamma * normalised + beta > vec4f(-9.0)',
    },
    {
      variant: 'workgroup',
      mistake: 'leaves out the last row where rows do not fill tiles',
      find: 'const ROW_TILES = (M + ROWS - 1u) / ROWS',
      replace: 'const ROW_TILES = M / ROWS',
    },
    {
      variant: 'workgroup',
      mistake: 'normalises the first strip of columns only',
      find: 'strip < (n + STRIP - 1u) / STRIP',
      replace: 'strip < 1u',
    },
  ],
  'softmax-cross-entropy': [
    {
      variant: 'naive',
      mistake: 'takes the last of equal logits',
      find: 'logit > largest',
      replace: 'logit >= largest',
    },
    { variant: 'naive', mistake: 'gives padded columns a gradient', find: '&& c < CLASSES', replace: '' },
    {
      variant: 'naive',
      mistake: 'counts the rows behind the last sample',
      find: '< TOTAL',
      replace: '<= TOTAL',
    },
    {
      variant: 'naive',
      mistake: 'subtracts no maximum',
      find: 'largest = max(largest, logit)',
      replace: 'largest = 0.0',
    },
    {
      variant: 'naive',
      mistake: 'smooths the loss and not its gradient',
      find: 'let wanted = select(0.0, 1.0 - SMOOTHING, c == label) + SMOOTHING / f32(CLASSES);',
      replace: 'let wanted = select(0.0, 1.0, c == label);',
    },
    {
      variant: 'naive',
      mistake: 'smooths the gradient and not the loss',
      find: 'loss += SMOOTHING / f32(CLASSES) * distance;',
      replace: '',
    },
  ],
  'matmul-wgrad': [
    {
      variant: 'shuffle',
      mistake: 'takes the terms of another lane',
      find: 'subgroupShuffle(term, l)',
      replace: 'subgroupShuffle(term, l ^ 1u)',
    },
    {
      variant: 'shuffle',
      mistake: 'takes the terms of another row',
      find: 'own[q][r]',
      replace: 'own[q][r ^ 1u]',
    },
    {
      variant: 'shuffle',
      mistake: 'counts the last terms again where the block reaches beyond them',
      find: 'm < M)',
      replace: 'true)',
    },
    {
      variant: 'shuffle',
      mistake: 'forgets the block of terms before',
      find: 'dw[i] += sum',
      replace: 'dw[i] = sum',
    },
    { variant: 'block', mistake: 'counts rows beyond the batch', find: 'FULL || m < M', replace: 'true' },
    { variant: 'naive', mistake: 'drops the last row of the batch', find: 'm < M', replace: 'm + 1u < M' },
    {
      variant: 'quad',
      mistake: 'counts the last row of the batch again for rows beyond it',
      find: 'select(vec4f(), loaded, m + lane < M)',
      replace: 'loaded',
    },
    {
      variant: 'stationary',
      mistake: 'stores the columns of its neighbours in its own place',
      find: '(lane ^ swap)',
      replace: 'lane',
    },
    {
      variant: 'stationary',
      mistake: 'counts the last terms again where the block reaches beyond them',
      find: 'm + d < M',
      replace: 'true',
    },
    {
      variant: 'stationary',
      mistake: 'holds the first columns for all workgroups',
      find: '+ column + lane',
      replace: '+ lane',
    },
  ],
  'bias-gradient': [
    { variant: 'naive', mistake: 'drops the last row', find: 'm < M', replace: 'm + 1u < M' },
    { variant: 'naive', mistake: 'reads the first replica', find: 'id.z * DY_STRIDE + ', replace: '' },
  ],
  'matmul-dgrad': [
    {
      variant: 'shuffle',
      mistake: 'takes the terms of another row',
      find: 'subgroupShuffle(own[q], r)',
      replace: 'subgroupShuffle(own[q], r ^ 1u)',
    },
    {
      variant: 'shuffle',
      mistake: 'holds w as it lies',
      find: 'transpose(mat4x4f(w[i], w[i + N4], w[i + 2u * N4], w[i + 3u * N4]))',
      replace: 'mat4x4f(w[i], w[i + N4], w[i + 2u * N4], w[i + 3u * N4])',
    },
    {
      variant: 'shuffle',
      mistake: 'counts the last terms again where the block reaches beyond them',
      find: 'n < N4)',
      replace: 'true)',
    },
    {
      variant: 'shuffle',
      mistake: 'forgets the block of terms before',
      find: 'dx[i] += sum',
      replace: 'dx[i] = sum',
    },
    { variant: 'block', mistake: 'counts terms beyond the last', find: 'FULL || n < N4', replace: 'true' },
    {
      variant: 'block',
      mistake: 'reads columns in the order of memory',
      find: '(k % 4u) * BN4 + k / 4u',
      replace: 'k',
    },
    { variant: 'naive', mistake: 'drops the last column', find: 'n < N', replace: 'n + 1u < N' },
    {
      variant: 'quad',
      mistake: 'stores columns in the order of the swaps',
      find: 'select(even, even.zwxy, (lane & 2u) != 0u)',
      replace: 'even',
    },
    {
      variant: 'stationary',
      mistake: 'stores the columns of its neighbours in its own place',
      find: '(lane ^ swap)',
      replace: 'lane',
    },
    {
      variant: 'stationary',
      mistake: 'counts the last terms again where the block reaches beyond them',
      find: 'n + q < N4',
      replace: 'true',
    },
    {
      variant: 'stationary',
      mistake: 'holds the first columns for all workgroups',
      find: '4u * (column + 4u * c + lane)',
      replace: '4u * (4u * c + lane)',
    },
  ],
  'batch-norm-backward': [
    {
      variant: 'naive',
      mistake: 'lets the gradient through where the ReLU is at its corner',
      find: 'value <= 0.0',
      replace: 'value < 0.0',
    },
    {
      variant: 'strip',
      mistake: 'forgets that the variance depends on x',
      find: 'dbeta + n * dgamma',
      replace: 'dbeta',
    },
    {
      variant: 'strip',
      mistake: 'does not mask with the ReLU behind',
      find: 'RELU_AFTER == 0u',
      replace: 'true',
    },
  ],
  'relu-backward': [
    { variant: 'naive', mistake: 'has derivative 1 at 0', find: '> vec4f()', replace: '>= vec4f()' },
  ],
  sgd: [
    { variant: 'vec4', mistake: 'halves the L2 term', find: '2.0 * lambda', replace: 'lambda' },
    {
      variant: 'vec4',
      mistake: 'decays one vec4 too many',
      find: 'i < DECAYED / 4u',
      replace: 'i <= DECAYED / 4u',
    },
    {
      variant: 'vec4',
      mistake: 'takes the learning rate of the first replica',
      find: 'perReplica[id.z]',
      replace: 'perReplica[0]',
    },
  ],
  'sgd-momentum': [
    {
      variant: 'vec4',
      mistake: 'looks ahead with the old velocity',
      find: '(g + MOMENTUM * v)',
      replace: 'v',
    },
    {
      variant: 'vec4',
      mistake: 'forgets the old velocity',
      find: 'let v = MOMENTUM * velocity[id.z * (VELOCITY_STRIDE / 4u) + i] + g',
      replace: 'let v = g',
    },
    { variant: 'vec4', mistake: 'does not decay', find: 'decay += WEIGHT_DECAY;', replace: '' },
    {
      variant: 'vec4',
      mistake: 'updates what is to be skipped',
      find: 'if (i < SKIP / 4u)',
      replace: 'if (i + 1u < SKIP / 4u)',
    },
  ],
  adam: [
    {
      variant: 'vec4',
      mistake: 'shrinks by the decay alone, whatever the rate',
      find: 'rate * WEIGHT_DECAY',
      replace: 'WEIGHT_DECAY',
    },
    {
      variant: 'vec4',
      mistake: 'adds eps inside the root',
      find: 'sqrt(n / correction.y) + EPS',
      replace: 'sqrt(n / correction.y + EPS)',
    },
    {
      variant: 'vec4',
      mistake: 'does not correct the second moment',
      find: 'n / correction.y',
      replace: 'n',
    },
    {
      variant: 'vec4',
      mistake: 'decays the weights apart from the gradient, as AdamW',
      find: '+ decay * p;',
      replace: ';',
    },
  ],
  'step-end': [
    {
      variant: 'naive',
      mistake: 'keeps the last step that was not finite',
      find: '&& counters[i + 1u] == 0u',
      replace: '',
    },
    {
      variant: 'naive',
      mistake: 'takes large numbers for infinite',
      find: '(bits & 0x7f800000u) == 0x7f800000u',
      replace: '(bits & 0x3f800000u) == 0x3f800000u',
    },
    { variant: 'naive', mistake: 'forgets one invocation', find: 'i < LANES', replace: 'i < LANES - 1u' },
    {
      variant: 'naive',
      mistake: 'keeps the first steps',
      find: 'step % HISTORY',
      replace: 'min(step, HISTORY - 1u)',
    },
  ],
};
