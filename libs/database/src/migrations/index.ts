export { ControlLoop1766000000000 } from './1766000000000-control-loop';
