import type { KeyReceipt, ReceiptAnswer } from '@signalbox/domain/receipts';
import type { KeyReceiptView, ReceiptFieldsView, ShownKeyReceiptView } from './receipt.view';

function toReceiptView({ version, complete, edges, waitingFor }: KeyReceipt): KeyReceiptView {
  return {
    version,
    complete,
    edges: edges.map(({ id, appliedAt, delayMs }) => ({
      id,
      applied_at: appliedAt?.toISOString() ?? null,
      delay_ms: delayMs,
    })),
    waiting_for: waitingFor,
  };
}

export const noReceipt: ReceiptFieldsView = { receipt: null, receipt_problem: null };

export function toReceiptFields({ receipt, problem }: ReceiptAnswer): ReceiptFieldsView {
  return { receipt: receipt && toReceiptView(receipt), receipt_problem: problem };
}

export function toShownReceipt(answer: ReceiptAnswer & { version: number }): ShownKeyReceiptView {
  const unknown = { version: answer.version, complete: false, edges: [], waiting_for: [] };
  return { ...(answer.receipt ? toReceiptView(answer.receipt) : unknown), problem: answer.problem };
}
