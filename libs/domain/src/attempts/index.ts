export { outOfCreditClass } from './attempt-event';
export { AttemptIntakeService } from './attempt-intake.service';
export { AttemptModule } from './attempt.module';
