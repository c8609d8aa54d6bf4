global using Request = Grains.StateMachines.Batches.Request;
