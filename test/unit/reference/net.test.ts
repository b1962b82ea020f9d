import { describe, expect, test } from 'vitest';
import { courseBatchNorm } from '../../../src/nn/net-spec.ts';
import { optimizers } from '../../../src/optim/index.ts';
import { netGradients, netLoss } from '../../../src/reference/net.ts';
import { initialState, trainStep } from '../../../src/reference/train-step.ts';
import { fullyConnected } from '../../fully-connected.ts';
import { expectClose } from './expect-close.ts';
import { randomCase } from './random-case.ts';

describe('net', () => {
  test('by hand: one hidden unit, two classes', () => {
    const net = fullyConnected({ inputs: 2, hidden: [1], classes: 2, batchNorm: null });
    const params = {
      'layers.0.linear.weight': { shape: [1, 2], data: [1, -1] },
      'layers.0.linear.bias': { shape: [1], data: [1] },
      'layers.1.linear.weight': { shape: [2, 1], data: [1, 1] },
      'layers.1.linear.bias': { shape: [2], data: [0, 0] },
    };
    // z = 3 - 2 + 1 = 2, logits (2, 2), dlogits (-1/2, 1/2); the hidden unit gets -1/2 + 1/2 = 0.
    const { logits, loss, cost, hits, lossGrads, grads } = netGradients(
      net,
      params,
      { x: [3, 2], labels: [0] },
      { lambda: 0.1 },
    );
    expect([...logits]).toEqual([2, 2]);
    expectClose([loss, cost], [Math.log(2), Math.log(2) + 0.4]);
    expect(hits).toBe(1);
    expectClose(lossGrads['layers.1.linear.weight']!.data, [-1, 1]);
    expectClose(grads['layers.1.linear.weight']!.data, [-0.8, 1.2]);
    expectClose(grads['layers.1.linear.bias']!.data, [-0.5, 0.5]);
    expectClose(grads['layers.0.linear.weight']!.data, [0.2, -0.2]);
    expectClose(grads['layers.0.linear.bias']!.data, [0]);
  });

  test('a step leaves the old state alone, and the two kinds of statistics differ', () => {
    const net = fullyConnected({ inputs: 6, hidden: [5, 4], classes: 3, batchNorm: courseBatchNorm });
    const { params, x, labels } = randomCase(net, 8, 1);
    const before = initialState(net, params);
    const copy = structuredClone(before);
    const settings = { optimizer: { kind: 'sgd' }, learningRate: 0.1, lambda: 0.01 } as const;
    const { state, cost, loss } = trainStep(net, before, { x, labels }, settings);
    expect(before).toEqual(copy);
    expect(state.step).toBe(1);
    expect(cost).toBeGreaterThan(loss);
    // The first batch set the running statistics: with the old parameters both modes give the same loss.
    const first = { ...state.params, ...params };
    const [training, evaluation] = (['training', 'evaluation'] as const).map((mode) =>
      netLoss(net, first, { x, labels }, { mode }),
    );
    expectClose(evaluation!.logits, training!.logits, 1e-13, 1e-14);
    expect(netLoss(net, before.params, { x, labels }, { mode: 'evaluation' }).loss).not.toBeCloseTo(
      training!.loss,
      3,
    );
  });

  test('training lowers the cost with every optimizer', () => {
    const net = fullyConnected({
      inputs: 6,
      hidden: [8],
      classes: 3,
      batchNorm: { ...courseBatchNorm, order: 'after-relu' },
    });
    const { params, x, labels } = randomCase(net, 12, 2);
    for (const { defaults: optimizer } of optimizers) {
      let state = initialState(net, params);
      const costs: number[] = [];
      for (let i = 0; i < 30; i++) {
        const result = trainStep(net, state, { x, labels }, { optimizer, learningRate: 0.05, lambda: 0.001 });
        costs.push(result.cost);
        state = result.state;
      }
      expect(costs.at(-1)!).toBeLessThan(costs[0]! / 2);
    }
  });

  test('says which tensor is missing or misshapen', () => {
    const net = fullyConnected({ inputs: 2, hidden: [1], classes: 2, batchNorm: null });
    const { params, x, labels } = randomCase(net, 2, 3);
    const { 'layers.1.linear.bias': _, ...incomplete } = params;
    expect(() => netLoss(net, incomplete, { x, labels })).toThrow('has no layers.1.linear.bias');
    const wide = fullyConnected({ inputs: 3, hidden: [1], classes: 2, batchNorm: null });
    expect(() => netLoss(wide, params, { x, labels })).toThrow('layers.0.linear.weight must have 3');
  });
});
