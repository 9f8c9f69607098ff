import type { TextRule } from '../suites/task.types';
import { linesOf, wordCount } from './answer-text';

export function keepsRule(text: string, rule: TextRule): boolean {
  const lines = linesOf(text).filter((line) => line.trim() !== '');
  switch (rule.rule) {
    case 'lines':
      return lines.length === rule.count;
    case 'words':
      return wordCount(text) >= rule.min && wordCount(text) <= rule.max;
    case 'starts_with':
      return text.startsWith(rule.text);
    case 'ends_with':
      return text.endsWith(rule.text);
    case 'contains':
      return text.includes(rule.text);
    case 'lacks':
      return text !== '' && !text.toLowerCase().includes(rule.text.toLowerCase());
    case 'each_line_starts_with':
      return lines.length > 0 && lines.every((line) => line.startsWith(rule.text));
    case 'sorted_lines':
      return (
        lines.length > 0 && lines.every((line, index) => index === 0 || (lines[index - 1] ?? '') <= line)
      );
    case 'lower_case':
      return text !== '' && text === text.toLowerCase();
    case 'upper_case':
      return text !== '' && text === text.toUpperCase();
  }
}
